import Persistence

extension MethodEntry {
  static let postLocalSGD = MethodEntry(
    name: "post-local", family: .compared,
    summary: "an average at every step until a switch, every --interval steps after",
    citation: "Lin, Stich, Patel, Jaggi: Don't use large mini-batches, use local SGD, ICLR 2020 (arXiv 1808.07217)",
    keys: [
      Key("switch", "the first fall of the rate, else half of the run", "the epoch from which on rounds are long")
    ],
    traits: [.serialAlone, .deterministic, .equalReplicas, .preservesMean],
    explanation: """
      I = 1 until the switch, as of the epoch that a round begins at, then I. In step-first order I = 1 is psgd, with the \
      momentum averaged too.
      Sends a model, and the momentum where it is averaged, at every step at first; then once in I steps.
      Good for: what psgd reaches, or better, with the communication of the second half saved. Their recipe: Nesterov \
      momentum 0.9, weight decay 1e-4, 5 epochs of warm-up, rate divided by 10 at 1/2 and 3/4 of the run.
      """
  ) { keys in
    let given = try keys.number("switch", in: 0.0...1e9)
    return { draft in
      let settings = draft.settings
      let half = Double(settings.steps) / Double(settings.stepsPerEpoch) / 2
      try draft.setSchedule(
        PostLocalInterval(switchEpoch: given ?? settings.firstFall ?? half, interval: settings.interval))
    }
  }
}

struct PostLocalInterval: Schedule {
  let switchEpoch: Double
  let steps: Int
  /// Of this round.
  private var current = 1

  init(switchEpoch: Double, interval: Int) {
    self.switchEpoch = switchEpoch
    steps = interval
  }

  var summary: String { "interval 1, \(steps) from epoch \(switchEpoch) on" }

  mutating func beginRound(_ clock: RoundClock) -> Bool {
    current = clock.epoch < switchEpoch ? 1 : steps
    return true
  }

  func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= current }

  mutating func visit(_ state: inout StateVisitor) throws { try state.visit(&current) }
}
