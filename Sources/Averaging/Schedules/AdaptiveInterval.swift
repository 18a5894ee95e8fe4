/// Each worker steps on until all have done their minimum, found out by a nonblocking barrier, or until its maximum.
public struct AdaptiveInterval: Schedule {
  public let minimum: Int
  public let maximum: Int

  public init(minimum: Int, maximum: Int) {
    precondition(minimum > 0 && minimum <= maximum)
    self.minimum = minimum
    self.maximum = maximum
  }

  public var isUniform: Bool { false }
  public var isKnownAhead: Bool { false }
  public var summary: String { "interval adaptive:\(minimum)..\(maximum)" }

  public func isDue(_ clock: RoundClock) throws -> Bool {
    guard clock.stepsInRound >= minimum else { return false }
    return try clock.everyoneIsReady() || clock.stepsInRound >= maximum
  }
}
