import Records

/// Advice as it is printed.
struct AdviceReport {
  private let advice: Advice

  init(_ advice: Advice) { self.advice = advice }

  var text: String {
    ([measured, epochs, recommendation] + (advice.extrapolation.map { [table($0)] } ?? [])).joined(separator: "\n\n")
  }

  private func milliseconds(_ seconds: Double) -> String {
    let value = 1000 * seconds
    return value.formatted(decimals: value < 1 ? 4 : value < 100 ? 2 : 0) + " ms"
  }

  private func percent(_ share: Double) -> String { (100 * share).formatted(decimals: 1) + " %" }

  private var measured: String {
    let measured = advice.measured
    let (local, nodes) = (measured.local, measured.nodeCount)
    let (whole, inSight) = (measured.wholeAveraging, measured.averagingInSight)
    var rows = [
      ("", "\(advice.problem): \(measured.ranks) ranks on \(nodes) \(nodes == 1 ? "node" : "nodes")"),
      (
        "a step",
        "\(milliseconds(local.mean)) ± \(milliseconds(local.deviation)); the slowest rank, \(local.slowestRank), "
          + milliseconds(local.slowest)
      ),
    ]
    if measured.ranks > 1 {
      let hidden =
        measured.hiddenShare > 0
        ? " of \(milliseconds(whole)): the gradient hides \(percent(measured.hiddenShare))" : ""
      rows.append(
        (
          "an averaging",
          "\((Double(measured.payloadBytes) / 1e6).formatted(decimals: 2)) MB a rank, \(milliseconds(inSight)) in sight\(hidden)"
        ))
    }
    for (name, link) in [("within a node", measured.withinNode), ("between nodes", measured.betweenNodes)] {
      guard let link else { continue }
      rows.append(
        (
          name,
          "\((1e6 * link.latency).formatted(decimals: 1)) us and \((link.bandwidth / 1e6).formatted(decimals: 0)) MB/s a message"
        ))
    }
    return rows.map { $0.0.isEmpty ? $0.1 : $0.0.padded(to: 15, leading: true) + $0.1 }.joined(separator: "\n")
  }

  private var epochs: String {
    let row = { (epoch: Advice.Epoch) in
      (epoch.interval.map { "I = \($0)" } ?? "psgd").padded(to: 15, leading: true)
        + (epoch.seconds.formatted(decimals: 2) + " s").padded(to: 12)
        + percent(epoch.communicationShare).padded(to: 16)
    }
    let header = "interval".padded(to: 15, leading: true) + "an epoch".padded(to: 12) + "communication".padded(to: 16)
    let bound =
      "theory         I ≤ \(advice.theoryBound.formatted(decimals: 1)), T^(1/4)/N^(3/4) of T = \(advice.steps.formattedWithCommas) "
      + "steps and N = \(advice.measured.ranks)"
    return ([header, row(advice.parallelSGD)] + advice.epochs.map(row) + [bound]).joined(separator: "\n")
  }

  private var recommendation: String {
    if advice.measured.ranks == 1 { return "One rank averages with nobody: start several, as with mpirun -np 4." }
    let option = advice.recommendedInterval.map { "--interval \($0)" } ?? "--algorithm psgd"
    return "Take \(option): \(advice.reason)."
  }

  private func table(_ extrapolation: Extrapolation) -> String {
    let names = ["psgd"] + Extrapolation.intervals.map { "I = \($0)" }
    let cells = { (scaling: Extrapolation.Scaling?) in
      guard let scaling else { return names.map { _ in "-".padded(to: 9) }.joined() }
      return ([scaling.parallelSGD] + scaling.restartedSGD).map { percent($0).padded(to: 9) }.joined()
    }
    let rows = extrapolation.rows.map {
      $0.workers.formattedWithCommas.padded(to: 8) + $0.nodes.formattedWithCommas.padded(to: 8)
        + milliseconds($0.networkSeconds).padded(to: 14) + " |" + cells($0.weak) + " |" + cells($0.strong)
    }
    let heads = names.map { $0.padded(to: 9) }.joined()
    let width = 9 * names.count
    return
      ([
        "Share of the time in which workers compute (weak: each with the batch that it has here; strong: all together with",
        "the batch of all here). Assumed: \(extrapolation.assumptions).",
        " ".padded(to: 8) + " ".padded(to: 8) + "the network,".padded(to: 14) + " |" + "weak".padded(to: width) + " |"
          + "strong".padded(to: width),
        "workers".padded(to: 8) + "nodes".padded(to: 8) + "an averaging".padded(to: 14) + " |" + heads + " |" + heads,
      ] + rows).joined(separator: "\n")
  }
}
