import Kernels

extension MethodEntry {
  static let stronglyConvexSchedule = MethodEntry(
    name: "stich", family: .compared,
    summary: "a rate that falls with 1/t, and a weighted mean of all iterates as the result",
    citation: "Stich: Local SGD converges fast and communicates little, ICLR 2019 (arXiv 1805.09767)",
    keys: [
      Key("shift", "100", "a in γ_t = c/(a + t)"),
      Key("scale", "γ·a", "c; with the standard the rate begins at --learning-rate"),
    ],
    traits: [.deterministic, .equalReplicas, .preservesMean, .setsRate],
    explanation: """
      γ_t = c/(a + t), an average every I steps (the theory's I is about √(T/N)); the result is the mean of the iterates \
      x̄_t, t = 0 … T − 1, with weights (a + t)². Keeps m more; a pass over memory more at each step.
      Good for: strongly convex problems: O(1/(NT)). Not for: networks.
      """
  ) { keys in
    let shift = try keys.number("shift", 100.0, in: 1e-3...1e12)
    let scale = try keys.number("scale", in: 1e-12...1e12)
    return { draft in
      let c = scale ?? draft.settings.learningRate * shift
      try draft.setSchedule(HarmonicRate(interval: draft.settings.interval, shift: shift, scale: c))
      try draft.setUpdate(WeightedIterates(momentum: draft.momentum, shift: shift))
    }
  }
}

struct HarmonicRate: Schedule {
  let interval: Int?
  let shift: Double
  let scale: Double

  var summary: String { "interval \(interval!), rate \(scale)/(\(shift) + t)" }

  func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= interval! }

  func learningRate(_ clock: RoundClock) -> Double? { scale / (shift + Double(clock.steps)) }
}

struct WeightedIterates: Update {
  let momentum: MomentumPolicy
  let shift: Double

  /// The weighted mean of the worker's iterates so far.
  private static let iterates = Slot("weighted mean", .worker, startsAs: .model)

  var slots: [Slot] { [Self.iterates] }
  var result: EvaluatedModel { .meanOf(Self.iterates) }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) { average.assign(momentum) }

  func follow(_ worker: WorkerState, step t: Int) {
    // Σ (a + s)² for s = 0 … t.
    let n = Double(t + 1)
    let total = n * shift * shift + shift * n * (n - 1) + (n - 1) * n * (2 * n - 1) / 6
    let share = Float((shift + Double(t)) * (shift + Double(t)) / total)
    let (mean, x) = (worker[Self.iterates].vectors, worker.parameters.vectors)
    for i in 0..<worker.parameters.vectorCount { mean[i] += share * (x[i] - mean[i]) }
  }
}
