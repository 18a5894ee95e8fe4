/// Every worker the same number of steps in every round, *I* in Algorithm 1.
public struct FixedInterval: Schedule {
  public let steps: Int

  public init(_ steps: Int) {
    precondition(steps > 0)
    self.steps = steps
  }

  public var interval: Int? { steps }
  public var summary: String { "interval \(steps)" }

  public func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= steps }
}
