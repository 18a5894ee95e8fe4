import Persistence

extension MethodEntry {
  static let adaptiveCommunication = MethodEntry(
    name: "adacomm", family: .beyond,
    summary: "the interval shrinks with the training loss",
    citation: "Wang, Joshi: Adaptive communication strategies for local-update SGD, MLSys 2019 (arXiv 1810.08313)",
    keys: [
      Key("initial", "by --interval", "I₀: the first interval"),
      Key("every", "10", "T₀: rounds from one change to the next; rounds and not seconds, so that runs repeat"),
    ],
    traits: [.serialAlone, .deterministic, .equalReplicas, .preservesMean],
    explanation: """
      Every T₀ rounds I ← ⌈√(F/F₀)·I₀⌉, F the mean training loss of the round's batches over all workers, F₀ that of the \
      first round.
      Good for: fast progress at first, a small error floor at the end, on slow networks.
      """
  ) { keys in
    let initial = try keys.number("initial", in: 1...1_000_000)
    let every = try keys.number("every", 10, in: 1...1_000_000)
    return { draft in
      try draft.setSchedule(LossInterval(initial: initial ?? draft.settings.interval, rounds: every))
    }
  }
}

struct LossInterval: Schedule {
  let initial: Int
  let rounds: Int
  private var current: Int
  /// F₀; 0 before it is known.
  private var firstLoss = 0.0

  init(initial: Int, rounds: Int) {
    (self.initial, self.rounds) = (initial, rounds)
    current = initial
  }

  var summary: String { "interval \(initial) at first" }

  func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= current }

  mutating func endRound(_ clock: RoundClock) {
    guard let loss = clock.reports?.loss else { return }
    if clock.round == 0 { firstLoss = loss }
    guard (clock.round + 1) % rounds == 0, firstLoss > 0, loss >= 0 else { return }
    current = max(1, Int(min((loss / firstLoss).squareRoot() * Double(initial), 1e9).rounded(.up)))
  }

  mutating func visit(_ state: inout StateVisitor) throws {
    try state.visit(&current)
    try state.visit(&firstLoss)
  }
}
