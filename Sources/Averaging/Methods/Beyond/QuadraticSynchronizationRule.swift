import Persistence

extension MethodEntry {
  static let quadraticSynchronizationRule = MethodEntry(
    name: "qsr", family: .beyond,
    summary: "the interval grows as the rate falls, with its inverse square",
    citation:
      "Gu, Lyu, Arora, Zhang, Huang: A quadratic synchronization rule for distributed deep learning, ICLR 2024 (arXiv 2310.14423)",
    keys: [
      Key("base", "by --interval", "I_base: the shortest interval, and that of a warm-up"),
      Key("alpha", "γ√base", "α: with the standard the interval begins at base, γ being the rate after a warm-up"),
    ],
    traits: [.serialAlone, .deterministic, .equalReplicas, .preservesMean],
    explanation: """
      I = max(I_base, ⌊(α/γ)²⌋), γ the rate as a round begins; I_base in a warm-up.
      Good for: rates that fall by steps or a cosine: better test accuracy than a constant interval with less \
      communication. Not for: a constant rate, where it is pr-sgd in step-first order.
      """
  ) { keys in
    let base = try keys.number("base", in: 1...1_000_000)
    let alpha = try keys.number("alpha", in: 1e-9...1e6)
    return { draft in
      let settings = draft.settings
      let shortest = base ?? settings.interval
      try draft.setSchedule(
        QuadraticInterval(
          base: shortest, alpha: alpha ?? settings.learningRate * Double(shortest).squareRoot(),
          warmup: settings.warmup))
    }
  }
}

struct QuadraticInterval: Schedule {
  let base: Int
  let alpha: Double
  let warmup: Double
  /// Of this round.
  private var current: Int

  init(base: Int, alpha: Double, warmup: Double) {
    (self.base, self.alpha, self.warmup) = (base, alpha, warmup)
    current = base
  }

  var summary: String { "interval \(base) and more" }

  mutating func beginRound(_ clock: RoundClock) -> Bool {
    let ratio = alpha / clock.learningRate
    // What a square gains or loses in rounding must not cost a step.
    current = clock.epoch < warmup ? base : max(base, Int(min(ratio * ratio * (1 + 1e-12), 1e9)))
    return true
  }

  func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= current }

  mutating func visit(_ state: inout StateVisitor) throws { try state.visit(&current) }
}
