import MessagePassing

/// Tells a worker when its round ends, as its schedule has it, and at which rate it steps.
public final class RoundClock {
  public let schedule: Schedule
  /// Rounds ended.
  public private(set) var round = 0
  /// Local steps of this round begun so far.
  public private(set) var stepsInRound = 0

  private let communicator: Communicator
  private let firstEpoch: Int
  /// I_i of the calibrated schedule.
  private var calibrated: Int
  private var barrier: Request?
  private var everyoneIsReady = false

  public init(_ schedule: Schedule, communicator: Communicator) {
    self.schedule = schedule
    self.communicator = communicator
    if case .timeVarying(let epochs) = schedule { firstEpoch = epochs.firstEpoch } else { firstEpoch = 0 }
    // A short first round is enough to measure by.
    if case .calibrated(let mean, _) = schedule { calibrated = max(1, mean / 8) } else { calibrated = 0 }
  }

  /// Counts a step that begins.
  public func beginStep() { stepsInRound += 1 }

  /// The rate of this round, where the schedule sets one.
  public var learningRate: Double? {
    if case .timeVarying(let epochs) = schedule { epochs.learningRate(epoch: firstEpoch + round) } else { nil }
  }

  /// Whether this worker's round ends with the step that it is at. The adaptive schedule knows only after the step.
  public func isDue() throws -> Bool {
    switch schedule {
    case .adaptive(let minimum, let maximum):
      guard stepsInRound >= minimum else { return false }
      if barrier == nil && !everyoneIsReady { barrier = try communicator.beginBarrier() }
      try poll()
      return everyoneIsReady || stepsInRound >= maximum
    default:
      return stepsInRound >= plannedSteps
    }
  }

  /// The steps of this round, where they are known ahead.
  private var plannedSteps: Int {
    switch schedule {
    case .every(let interval): interval
    case .perWorker(let intervals): intervals[communicator.rank]
    case .timeVarying(let epochs): epochs.steps(epoch: firstEpoch + round)
    case .calibrated: calibrated
    case .adaptive(_, let maximum): maximum
    case .replay(let rounds): round < rounds.count ? rounds[round][communicator.rank] : Int.max
    }
  }

  /// Whether a barrier is under way.
  public var isPending: Bool { barrier != nil }

  /// Lets the barrier of an adaptive round make progress.
  public func poll() throws {
    guard !everyoneIsReady, barrier != nil, try barrier?.test() == true else { return }
    try barrier.take()?.wait()
    everyoneIsReady = true
  }

  /// Finishes the barrier of an adaptive round, once the round's exchange is done: all have begun the exchange, so all
  /// have begun the barrier.
  public func finishBarrier() throws {
    try barrier.take()?.wait()
    everyoneIsReady = false
  }

  /// Ends the round.
  /// - Parameter stepSeconds: what a step takes, of each worker.
  public func endRound(stepSeconds: (Int) -> Double) {
    round += 1
    stepsInRound = 0
    // Often at first: a short round measures badly.
    if case .calibrated(let mean, let rounds) = schedule, round & (round - 1) == 0 || round % rounds == 0 {
      calibrated =
        Self.calibratedSteps(
          mean: mean, stepSeconds: (0..<communicator.size).map(stepSeconds))[communicator.rank]
    }
  }

  /// I_i ∝ 1 / (time of a step of worker i), `mean` on average, none below 1.
  public static func calibratedSteps(mean: Int, stepSeconds: [Double]) -> [Int] {
    let speeds = stepSeconds.map { 1 / max($0, 1e-9) }
    let unit = Double(mean * speeds.count) / speeds.reduce(0, +)
    return speeds.map { max(1, Int(($0 * unit).rounded())) }
  }
}
