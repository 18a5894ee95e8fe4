import Failures
import MessagePassing
import Persistence

/// Counts a worker's steps and rounds, and is what a schedule may look at to tell when a round ends.
public final class RoundClock: Persistent {
  /// Rounds ended.
  public private(set) var round = 0
  /// Local steps of this round begun so far.
  public private(set) var stepsInRound = 0
  /// Local steps begun so far.
  public private(set) var steps = 0
  /// Bytes that the schedule's own votes have contributed so far.
  public private(set) var bytesSent = 0
  /// Passes of all workers over the training set, as of this step.
  public var epoch = 0.0
  /// γ of this step.
  public var learningRate = 0.0
  /// What a step takes this worker, in seconds.
  public var stepSeconds = 0.0
  /// What the workers reported with the last exchange.
  public var reports: RoundReports?
  /// The most steps that this worker may take in this round: the last one of a run is cut short.
  public var mostSteps = Int.max

  public let worker: WorkerState
  private var schedule: any Schedule
  private let communicator: Communicator
  private var barrier: Request?
  private var allAreReady = false
  private var hasBegunRound = false

  public init(_ schedule: any Schedule, worker: WorkerState, communicator: Communicator) {
    self.schedule = schedule
    self.worker = worker
    self.communicator = communicator
  }

  public var rank: Int { communicator.rank }
  /// N.
  public var workers: Int { communicator.size }

  /// γ of the step that comes, where the schedule sets one.
  public var scheduledRate: Double? { schedule.learningRate(self) }

  /// Counts a step that begins, and a round where it is the first of one.
  /// - Returns: whether there is a step: a worker may sit out a round.
  public func beginStep() throws -> Bool {
    if !hasBegunRound {
      hasBegunRound = true
      do {
        guard try schedule.beginRound(self) else { return false }
      } catch let failure as Failure {
        throw AgreedFailure(failure, rank: 0)
      }
    }
    stepsInRound += 1
    steps += 1
    return true
  }

  /// Whether this worker's round ends with the step that it is at.
  public func isDue() throws -> Bool { try stepsInRound >= mostSteps || schedule.isDue(self) }

  /// Ends the round.
  public func endRound() throws {
    try schedule.endRound(self)
    round += 1
    stepsInRound = 0
    hasBegunRound = false
  }

  /// Begins the first round after steps that were done before.
  public func begin(afterStep step: Int) {
    precondition(steps == 0 && step >= 0)
    steps = step
  }

  // MARK: What a schedule may ask of all workers

  /// Whether all workers have come to ask this in this round; never waits.
  public func everyoneIsReady() throws -> Bool {
    if barrier == nil && !allAreReady { barrier = try communicator.beginBarrier() }
    try poll()
    return allAreReady
  }

  /// What a step takes each worker; every rank must ask together.
  public func gatherStepSeconds() throws -> [Double] { try communicator.allGather([stepSeconds]).map { $0[0] } }

  /// Whether any worker says yes; every rank must ask together.
  public func doesAny(_ own: Bool) throws -> Bool {
    bytesSent += 1
    return try communicator.allReduce(UInt8(own ? 1 : 0), .maximum) > 0
  }

  /// Whether a barrier is under way.
  public var isPending: Bool { barrier != nil }

  /// Lets the barrier make progress.
  public func poll() throws {
    guard !allAreReady, barrier != nil, try barrier?.test() == true else { return }
    try barrier.take()?.wait()
    allAreReady = true
  }

  /// Finishes the barrier, once the round's exchange is done: all have begun the exchange, so all have begun the barrier.
  public func finishBarrier() throws {
    try barrier.take()?.wait()
    allAreReady = false
  }

  public func visit(_ state: inout StateVisitor) throws {
    try state.visit(&round)
    try state.visit(&stepsInRound)
    try state.visit(&steps)
    try state.visit(&bytesSent)
    try state.visit(&hasBegunRound)
    try state.visit(&stepSeconds)
    try state.visit(&mostSteps)
    // A delayed result may have arrived before the round's end, which looks at them.
    try state.visit(&reports)
    try schedule.visit(&state)
  }
}
