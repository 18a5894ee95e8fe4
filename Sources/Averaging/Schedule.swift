import Persistence

/// When the workers exchange: how many local steps each of them takes in a round, and at which rate.
public protocol Schedule: Persistent, Sendable {
  /// Whether all workers always take the same number of steps.
  var isUniform: Bool { get }
  /// Whether those who take part in a round take the same number of steps.
  var hasEqualRounds: Bool { get }
  /// Whether a worker may take no step in a round.
  var mayLeaveOut: Bool { get }
  /// *I* where it is one number.
  var interval: Int? { get }
  /// Whether it knows before a step whether the step ends the round.
  var isKnownAhead: Bool { get }
  /// How it reads where a run is announced: "interval 8".
  var summary: String { get }
  /// Vectors that it looks at.
  var slots: [Slot] { get }

  /// Called as a round begins.
  /// - Returns: whether this worker takes any step in it.
  /// - Throws: `Failure`, on every rank alike.
  mutating func beginRound(_ clock: RoundClock) throws -> Bool

  /// Whether this worker's round ends with the step that it is at.
  mutating func isDue(_ clock: RoundClock) throws -> Bool

  /// Called as a round ends.
  mutating func endRound(_ clock: RoundClock) throws

  /// γ of this step, where it is the schedule that sets it.
  func learningRate(_ clock: RoundClock) -> Double?
}

extension Schedule {
  public var isUniform: Bool { true }
  public var hasEqualRounds: Bool { isUniform }
  public var mayLeaveOut: Bool { false }
  public var interval: Int? { nil }
  public var isKnownAhead: Bool { true }
  public var slots: [Slot] { [] }
  public mutating func beginRound(_ clock: RoundClock) throws -> Bool { true }
  public mutating func endRound(_ clock: RoundClock) throws {}
  public func learningRate(_ clock: RoundClock) -> Double? { nil }
  public mutating func visit(_ state: inout StateVisitor) throws {}
}
