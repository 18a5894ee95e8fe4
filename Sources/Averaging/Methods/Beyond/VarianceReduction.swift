import Kernels

extension MethodEntry {
  static let varianceReduction = MethodEntry(
    name: "vrl-sgd", family: .beyond,
    summary: "local gradients are corrected by how the worker's differ from the mean",
    citation:
      "Liang, Shen, Liu, Pan, Chen, Cheng: Variance reduced local SGD with lower communication complexity, arXiv 1912.12844",
    traits: [.serialAlone, .deterministic, .equalReplicas, .preservesMean],
    explanation: """
      Every step with g_i − Δ_i; after k steps Δ_i ← Δ_i + (x̄ − x_i)/(kγ), then x_i ← x̄. Σ Δ_i = 0 always.
      Sends what pr-sgd in step-first order sends; keeps m more; the step is a pass over memory more.
      With momentum β a gradient moves the model by γ/(1 − β) in the long run, which then stands for γ.
      Good for: shards that differ (label skew) with long intervals.
      """
  ) { _ in
    { draft in try draft.setUpdate(DriftCorrection(momentum: draft.momentum)) }
  }
}

struct DriftCorrection: Update {
  let momentum: MomentumPolicy

  static let drift = Slot("drift", .worker)

  var slots: [Slot] { [Self.drift] }
  var wantsEqualSteps: Bool { true }
  var correction: Slot? { Self.drift }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    let scale = Float(1 / (Double(average.reports.longestInterval) * round.learningRate * round.reach))
    average.assign(momentum) { block in
      for worker in block.workers {
        let (x, drift) = (block.model(worker), block[Self.drift, worker])
        for i in block.indices { drift[i] += scale * (block.mean[i] - x[i]) }
      }
    }
  }
}
