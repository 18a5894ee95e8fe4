import Kernels

extension MethodEntry {
  static let scaffold = MethodEntry(
    name: "scaffold", family: .beyond,
    summary: "control variates: local gradients less the worker's own, plus all workers' direction",
    citation: "Karimireddy, Kale, Mohri, Reddi, Stich, Suresh: SCAFFOLD, ICML 2020 (arXiv 1910.06378), option II",
    keys: [Key("rate", "1", "η_g: the outer rate")],
    traits: [.serialAlone, .deterministic, .equalReplicas],
    explanation: """
      Every step with g_i − c_i + c; after k steps c_i⁺ = c_i − c + (x₀ − x_i)/(kγ); x₀ ← x₀ − η_g Δ, Δ = x₀ − x̄;
      c ← c + (1/N) Σ_S (c_i⁺ − c_i), S: those who took part (all, unless joined with fedavg:fraction=C).
      With the same k for all, c follows from x̄, so that the model alone travels: as much as with pr-sgd. Keeps 3m more.
      With momentum β a gradient moves the model by γ/(1 − β) in the long run, which then stands for γ.
      Good for: shards that differ, with long intervals or partial participation. With all taking part and η_g = 1 it is \
      vrl-sgd.
      """
  ) { keys in
    let rate = try keys.number("rate", 1.0, in: 1e-6...10)
    return { draft in try draft.setUpdate(ControlVariates(momentum: draft.momentum, rate: Float(rate))) }
  }
}

struct ControlVariates: Update {
  let momentum: MomentumPolicy
  let rate: Float

  /// d_i = c_i − c, and c.
  private static let own = Slot("own control variate", .worker)
  private static let common = Slot("common control variate", .common)

  var slots: [Slot] { [.anchor, Self.own, Self.common] }
  var wantsEqualSteps: Bool { true }
  var correction: Slot? { Self.own }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    let reports = average.reports
    let scale = Float(1 / (Double(reports.longestInterval) * round.learningRate * round.reach))
    let share = Float(reports.participants) / Float(reports.workers)
    average.assign(momentum) { block in
      let (mean, start, c) = (block.mean, block[.anchor], block[Self.common])
      for i in block.indices {
        let reached = scale * (start[i] - mean[i])
        let next = share == 1 ? reached : c[i] + share * (reached - c[i])
        for worker in block.workers {
          let (x, d) = (block.model(worker), block[Self.own, worker])
          let own = block.tookPart(worker) ? d[i] + scale * (start[i] - x[i]) : d[i] + c[i]
          d[i] = own - next
        }
        c[i] = next
        mean[i] = rate == 1 ? mean[i] : start[i] - rate * (start[i] - mean[i])
      }
    }
  }
}
