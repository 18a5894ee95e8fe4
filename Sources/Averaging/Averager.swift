import Kernels
import MessagePassing
import Persistence

/// Carries out the exchanges of a method: begins them, lets them progress, finishes them and has the update apply them.
///
/// With each exchange travel the workers' reports, which bring any worker's trouble to all of them in the same round.
public final class Averager: Persistent {
  /// Exchanges finished so far.
  public private(set) var rounds = 0
  /// Numbers that this worker has contributed so far, in bytes; alignment and reports are not counted.
  public private(set) var bytesSent = 0
  /// ‖x̄ − x_i‖² just before the last averaging of models.
  public private(set) var squaredDeviation = 0.0
  /// Whether an exchange is under way.
  public var isPending: Bool { stage != .idle }

  private enum Stage { case idle, begun, arrived }
  private var stage = Stage.idle
  private let method: Method
  private let worker: WorkerState
  private let communicator: Communicator
  private let transport: any Transport
  /// Of the exchange under way: what was reported with it, and the round that it ended.
  private var report = RoundReport()
  private var ended = EndedRound()
  private var average: Average?

  /// - Parameter worker: holds its initial model already.
  public init(_ method: Method, worker: WorkerState, communicator: Communicator) throws {
    self.method = method
    self.worker = worker
    self.communicator = communicator
    transport = try method.exchange.open(worker, communicator)
    prepare()
  }

  /// Fills what begins as the model; called again where the worker gets another one before its first step.
  public func prepare() { worker.prepareSlots(transport.portions) }

  /// Whether all workers' vectors lie in memory that they share. An exchange then takes the gradients along, and begins
  /// when they are there; otherwise numbers travel while it is under way, and a gradient may be computed meanwhile.
  public var sharesMemory: Bool { medium == .sharedMemory }

  public var medium: Medium { transport.medium }

  /// Bytes of a worker's own numbers in the first exchange.
  public var payloadBytes: Int { transport.payloadBytes(round: 0) }

  // MARK: Exchange

  /// Begins an exchange of the worker's state as it is now; until `complete` what travels must not change.
  public func begin(_ report: RoundReport, _ ended: EndedRound) throws {
    precondition(!isPending, "one exchange at a time")
    (self.report, self.ended) = (report, ended)
    method.update.prepare(worker, ended)
    try transport.begin(report, round: ended.index)
    stage = .begun
  }

  /// Lets the exchange under way, if any, make progress.
  public func poll() throws {
    if isPending { try transport.poll() }
  }

  /// Returns when every worker has begun this exchange.
  public func awaitArrival() throws {
    if stage == .begun { try transport.awaitArrival() }
    stage = .arrived
  }

  /// Returns when all workers' numbers can be averaged.
  /// - Returns: what the workers reported.
  public func complete() throws -> RoundReports {
    try awaitArrival()
    let average = try transport.complete()
    stage = .idle
    self.average = average
    rounds += 1
    bytesSent += transport.payloadBytes(round: ended.index)
    return average.reports
  }

  /// Returns when no worker needs another's answer any more; every rank must call it together, between steps.
  public func drain() throws { try transport.drain() }

  /// The worst status of all workers, outside an exchange; every rank must call it together.
  public func worstStatus(_ own: WorkerStatus) throws -> WorkerStatus {
    WorkerStatus(word: try communicator.allReduce(own.word, .minimum))
  }

  // MARK: Result

  /// Applies the average of the exchange that was completed; where workers share memory, each does a part of it for all.
  /// The result stands as soon as `settle` returns.
  /// - Parameter step: what the worker's step adds, where the update takes it along.
  public func apply(step: LocalStep? = nil) {
    method.update.apply(average!, ended, step: step)
  }

  /// Returns when what was applied stands.
  /// - Returns: ‖g + λx‖² of a step of plain SGD, else 0.
  @discardableResult
  public func settle() throws -> Double {
    let squares = try transport.settle(average!)
    average = nil
    squaredDeviation = squares.deviation
    return squares.gradient
  }

  /// whole ← a common vector, of which this rank may hold its portion only; every rank must call it together.
  public func assemble(_ common: ParameterVector, into whole: ParameterVector) throws {
    let portions = transport.portions
    guard portions.reduce(0, { $0 + $1.count }) < whole.vectorCount else { return whole.copy(from: common) }
    whole.setToZero()
    for portion in portions {
      (whole.vectors + portion.lowerBound).update(from: common.vectors + portion.lowerBound, count: portion.count)
    }
    try communicator.allReduce(whole.elements, .sum)
  }

  /// An exchange under way is begun again from what the slots hold.
  public func visit(_ state: inout StateVisitor) throws {
    try state.visit(&rounds)
    try state.visit(&bytesSent)
    try state.visit(&squaredDeviation)
    var wasPending = isPending
    try state.visit(&wasPending)
    try state.visit(&report)
    try state.visit(&ended)
    try worker.visit(&state, portions: transport.portions)
    if state.isReading && wasPending {
      try transport.begin(report, round: ended.index)
      stage = .begun
    }
  }
}
