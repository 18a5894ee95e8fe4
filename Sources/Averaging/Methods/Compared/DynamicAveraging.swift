import Failures
import Kernels

extension MethodEntry {
  static let dynamicAveraging = MethodEntry(
    name: "dynamic", family: .compared,
    summary: "all average only when some worker has moved far from the last average",
    citation: "Kamp et al.: Efficient decentralized deep learning by dynamic model averaging, ECML PKDD 2018",
    keys: [
      Key("threshold", "0.1", "δ: the squared distance that is far"),
      Key("check", "by --interval", "b: steps from one test to the next"),
    ],
    traits: [.serialAlone, .deterministic, .preservesMean],
    explanation: """
      Every b steps each worker tests ‖x_i − r‖² > δ, r the last average; one word is reduced, and all average only if one \
      says yes.
      Sends a byte every b steps, and a model when it averages; keeps m more. δ = 0 is pr-sgd with I = b.
      Good for: communication that falls as training converges.
      """
  ) { keys in
    let threshold = try keys.number("threshold", 0.1, in: 0...1e12)
    let check = try keys.number("check", in: 1...1_000_000)
    return { draft in
      try draft.setSchedule(DynamicInterval(threshold: threshold, check: check ?? draft.settings.interval))
    }
  }
}

struct DynamicInterval: Schedule {
  let threshold: Double
  let check: Int

  private static let reference = Slot("last average", .worker, startsAs: .model)

  var isKnownAhead: Bool { false }
  var slots: [Slot] { [Self.reference] }
  var summary: String { "a test every \(check) steps" }

  func isDue(_ clock: RoundClock) throws -> Bool {
    guard clock.stepsInRound % check == 0 else { return false }
    // Not a number is far.
    let isNear = clock.worker.parameters.squaredDistance(to: clock.worker[Self.reference]) <= threshold
    return try clock.doesAny(!isNear || threshold == 0)
  }

  func endRound(_ clock: RoundClock) { clock.worker[Self.reference].copy(from: clock.worker.parameters) }
}
