import Kernels

extension MethodEntry {
  static let looseAveraging = MethodEntry(
    name: "loose", family: .beyond,
    summary: "workers keep a share of their own way at an average, less and less",
    citation: "the example of docs/adding-a-method.md",
    keys: [
      Key("keep", "0.5", "κ: the share of its distance from the mean that a worker keeps at first"),
      Key("half", "50", "h: rounds after which it keeps half as much"),
    ],
    traits: [.serialAlone, .deterministic, .preservesMean, .unevenSteps],
    explanation: """
      x_i ← x̄ + κ_r (x_i − x̄), κ_r = κ h/(h + r) in round r = 0, 1, …
      Sends what pr-sgd in step-first order sends. κ = 0 is pr-sgd.
      Good for: trying whether workers that stay apart at first find better models. Not for: anything proven.
      """
  ) { keys in
    let keep = try keys.number("keep", 0.5, in: 0.0...1)
    let half = try keys.number("half", 50.0, in: 1.0...1e9)
    return { draft in try draft.setUpdate(LooseAverage(momentum: draft.momentum, keep: keep, half: half)) }
  }
}

struct LooseAverage: Update {
  let momentum: MomentumPolicy
  let keep: Double
  let half: Double

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    let share = Float(keep * half / (half + Double(round.index)))
    average.assign(momentum, assigningModels: false) { block in
      for worker in block.workers {
        let x = block.model(worker)
        for i in block.indices { x[i] = block.mean[i] + share * (x[i] - block.mean[i]) }
      }
    }
  }
}
