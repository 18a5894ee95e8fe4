import Persistence

extension MethodEntry {
  static let varianceTriggered = MethodEntry(
    name: "variance", family: .beyond,
    summary: "the interval follows how far the workers' models come apart",
    citation: "after the adaptive intervals of Kamp et al., ECML PKDD 2018, and Wang, Joshi, MLSys 2019",
    keys: [
      Key("target", "that of the first round", "the (1/N) Σ‖x̄ − x_i‖² before an average that the interval aims at")
    ],
    traits: [.serialAlone, .deterministic, .equalReplicas, .preservesMean],
    explanation: """
      After a round, I ← I √(target / V), V = (1/N) Σ‖x̄ − x_i‖² of the averaging before (the lemma lets it grow with I²), by \
      at most a factor of two at a time.
      Good for: long intervals as soon as the rate falls, without a rule for them.
      """
  ) { keys in
    let target = try keys.number("target", in: 1e-30...1e30)
    return { draft in
      try draft.setSchedule(VarianceInterval(initial: draft.settings.interval, target: target))
    }
  }
}

struct VarianceInterval: Schedule {
  let initial: Int
  private var target: Double
  private var current: Int

  init(initial: Int, target: Double?) {
    self.initial = initial
    self.target = target ?? 0
    current = initial
  }

  var summary: String { "interval \(initial) at first" }

  func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= current }

  mutating func endRound(_ clock: RoundClock) {
    // Reports tell of the averaging before.
    guard clock.round > 0, let variance = clock.reports?.meanSquaredDeviation, variance > 0 else { return }
    if target == 0 { target = variance }
    let ratio = min(max((target / variance).squareRoot(), 0.5), 2)
    current = max(1, Int((Double(current) * ratio).rounded()))
  }

  mutating func visit(_ state: inout StateVisitor) throws {
    try state.visit(&target)
    try state.visit(&current)
  }
}
