/// Worker i takes I_i steps in every round, Algorithm 3.
public struct IntervalPerWorker: Schedule {
  public let intervals: [Int]

  public init(_ intervals: [Int]) { self.intervals = intervals }

  public var isUniform: Bool { false }
  public var mayLeaveOut: Bool { intervals.contains(0) }
  public var summary: String {
    let distinct = Set(intervals).count == 1 ? [intervals[0]] : intervals
    return "interval \(distinct.map(String.init).joined(separator: ","))"
  }

  public func beginRound(_ clock: RoundClock) -> Bool { intervals[clock.rank] > 0 }
  public func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= intervals[clock.rank] }
}
