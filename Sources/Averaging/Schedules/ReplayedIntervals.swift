import Failures

/// The steps of a run that was logged: one array a round, one number a worker.
public struct ReplayedIntervals: Schedule {
  public let rounds: [[Int]]

  public init(_ rounds: [[Int]]) { self.rounds = rounds }

  public var isUniform: Bool { false }
  public var mayLeaveOut: Bool { rounds.contains { $0.contains(0) } }
  public var summary: String { "\(rounds.count) logged rounds" }

  public func beginRound(_ clock: RoundClock) throws -> Bool {
    guard clock.round < rounds.count else {
      throw Failure(.usage, "the log that is replayed ends after round \(rounds.count), before the run does")
    }
    return rounds[clock.round][clock.rank] > 0
  }

  public func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= rounds[clock.round][clock.rank] }
}
