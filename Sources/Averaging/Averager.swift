import Kernels
import MessagePassing

/// Carries out the exchanges of a method: begins them, lets them progress, finishes them and applies the result.
///
/// With each exchange travel the workers' reports, which bring any worker's trouble to all of them in the same round.
public final class Averager {
  /// Exchanges finished so far.
  public private(set) var rounds = 0
  /// Numbers that this worker has contributed so far, in bytes; alignment and reports are not counted.
  public private(set) var bytesSent = 0
  /// ‖x̄ − x_i‖² just before the last averaging of models.
  public private(set) var squaredDeviation = 0.0
  /// Whether an exchange is under way.
  public var isPending: Bool { stage != .idle }
  /// How many numbers of a worker's own go into one exchange.
  public let payloadCount: Int

  private enum Stage { case idle, begun, arrived }
  private var stage = Stage.idle
  private let communicator: Communicator
  private let transport: any Transport
  private let reports: WorkerReports

  /// - Parameter worker: holds its initial model already.
  public init(_ exchange: Exchange, worker: WorkerState, communicator: Communicator) {
    self.communicator = communicator
    payloadCount = (exchange.carriesMomentum && worker.momentum != nil ? 2 : 1) * worker.parameters.count
    reports = WorkerReports(count: communicator.size)
    transport =
      worker.peers.isEmpty
      ? MessageTransport(exchange, worker: worker.vectors, reports: reports, communicator: communicator)
      : SharedMemoryTransport(exchange, workers: worker.peers, reports: reports, communicator: communicator)
  }

  /// Whether all workers' vectors lie in memory that they share. An exchange then takes the gradients along, and begins
  /// when they are there; otherwise numbers travel while it is under way, and a gradient may be computed meanwhile.
  public var sharesMemory: Bool { transport.sharesMemory }

  // MARK: Exchange

  /// Begins an exchange of the worker's state as it is now; until `complete` the state must not change.
  public func begin(_ report: WorkerReport) throws {
    precondition(!isPending, "one exchange at a time")
    try transport.begin(report)
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
  /// - Returns: the worst status of all workers.
  public func complete() throws -> WorkerStatus {
    try awaitArrival()
    try transport.complete()
    stage = .idle
    rounds += 1
    bytesSent += payloadCount * MemoryLayout<Float>.size
    return reports.worstStatus
  }

  /// What the worker of `rank` reported with the last exchange.
  public func report(of rank: Int) -> WorkerReport { reports[rank] }

  /// The worst status of all workers, outside an exchange; every rank must call it together.
  public func worstStatus(_ own: WorkerStatus) throws -> WorkerStatus {
    WorkerStatus(word: try communicator.allReduce(own.word, .minimum))
  }

  // MARK: Result

  /// g ← ḡ, as soon as `settle` returns.
  public func applyGradientAverage() { transport.averageGradients() }

  /// x ← x̄ and, where they travelled, u ← ū; or u ← 0 when `resetMomentum`. With a `step`, all in one pass, then the
  /// step with the gradient of the worker's own model from before. All that as soon as `settle` returns.
  public func applyModelAverage(resetMomentum: Bool, andStep step: SGDStep? = nil) {
    transport.averageModels(resetMomentum: resetMomentum, step: step)
  }

  /// Returns when what was applied stands: where workers share memory, each does a part of it for all.
  /// - Returns: ‖g + λx‖² of a step of plain SGD, else 0.
  @discardableResult
  public func settle() throws -> Double {
    let squares = try transport.settle()
    squaredDeviation = squares.deviation
    return squares.gradient
  }
}
