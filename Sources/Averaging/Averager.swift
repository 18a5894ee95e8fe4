import Kernels
import MessagePassing

/// Carries out the exchanges of a method: begins them, lets them progress, finishes them and applies the result.
///
/// With each exchange travels a status word. It is reduced apart from the data, so that its arrival tells when the last
/// worker joined (until then a worker waits; from then on data move), and it brings any worker's trouble to all of them
/// in the same round.
public final class Averager {
  /// Exchanges finished so far.
  public private(set) var rounds = 0
  /// Numbers that this worker has contributed so far, in bytes; alignment and status words are not counted.
  public private(set) var bytesSent = 0
  /// ‖x̄ − x_i‖² just before the last averaging of models.
  public private(set) var squaredDeviation = 0.0

  private let communicator: Communicator
  private let worker: WorkerState
  private let exchange: Exchange
  private let source: UnsafeBufferPointer<Float>
  private let sum: AlignedBuffer<Float>
  private let status = AlignedBuffer<Int64>(count: 2)
  private var arrival: Request?
  private var reduction: Request?
  private var isUnderWay = false

  public init(_ exchange: Exchange, worker: WorkerState, communicator: Communicator) {
    self.exchange = exchange
    self.worker = worker
    self.communicator = communicator
    let padded = ParameterVector.paddedCount(worker.parameters.count)
    switch exchange {
    case .gradients:
      source = UnsafeBufferPointer(start: worker.gradient.pointer, count: worker.gradient.count)
    case .models(let momentum):
      let together = momentum && worker.momentum != nil
      let count = (together ? padded : 0) + worker.parameters.count
      source = UnsafeBufferPointer(start: worker.parameters.pointer, count: count)
    }
    sum = AlignedBuffer(count: ParameterVector.paddedCount(source.count))
  }

  /// How many numbers of a worker's own go into one exchange.
  public var payloadCount: Int {
    source.count > worker.parameters.count ? 2 * worker.parameters.count : worker.parameters.count
  }

  /// Begins an exchange of the worker's state as it is now; until `complete` the state must not change.
  public func begin(status own: WorkerStatus) throws {
    precondition(!isUnderWay, "one exchange at a time")
    status[0] = own.word
    arrival = try communicator.beginAllReduce(
      UnsafeBufferPointer(start: status.pointer, count: 1),
      into: UnsafeMutableBufferPointer(start: status.pointer + 1, count: 1), .minimum, owner: status)
    reduction = try communicator.beginAllReduce(
      source, into: UnsafeMutableBufferPointer(start: sum.pointer, count: source.count), .sum, owner: self)
    isUnderWay = true
  }

  /// Lets the exchange under way, if any, make progress: MPI does none of its own between calls.
  public func poll() throws {
    if isUnderWay { _ = try reduction?.test() }
  }

  /// Whether an exchange is under way.
  public var isPending: Bool { isUnderWay }

  /// Returns when every worker has begun this exchange.
  public func awaitArrival() throws {
    try arrival.take()?.wait()
  }

  /// Returns when the sums are here.
  /// - Returns: the worst status of all workers.
  public func complete() throws -> WorkerStatus {
    try awaitArrival()
    try reduction.take()?.wait()
    isUnderWay = false
    rounds += 1
    bytesSent += payloadCount * MemoryLayout<Float>.size
    return WorkerStatus(word: status[1])
  }

  /// The worst status of all workers, outside an exchange; every rank must call it together.
  public func worstStatus(_ own: WorkerStatus) throws -> WorkerStatus {
    WorkerStatus(word: try communicator.allReduce(own.word, .minimum))
  }

  private var meanFactor: Float { 1 / Float(communicator.size) }

  /// g ← ḡ.
  public func applyGradientAverage() {
    _ = worker.gradient.assign(meanFactor, times: ParameterVector(sum, count: worker.gradient.count))
  }

  /// x ← x̄ and, where they travelled, u ← ū; or u ← 0 when `resetMomentum`.
  public func applyModelAverage(resetMomentum: Bool) {
    let count = worker.parameters.count
    squaredDeviation = worker.parameters.assign(meanFactor, times: ParameterVector(sum, count: count))
    guard let momentum = worker.momentum else { return }
    if resetMomentum {
      momentum.setToZero()
    } else if source.count > count {
      let offset = ParameterVector.paddedCount(count)
      _ = momentum.assign(meanFactor, times: ParameterVector(sum, offset: offset, count: count))
    }
  }
}

/// How a worker fares, as one number whose minimum over the workers is what concerns all.
public struct WorkerStatus: Equatable, Sendable {
  let word: Int64

  /// Nothing to report.
  public static let fine = WorkerStatus(word: .max)

  /// The worker's loss or model stopped being finite at `step`: the earliest step, then the lowest rank, wins.
  public static func diverged(step: Int, rank: Int) -> WorkerStatus { WorkerStatus(word: Int64(step << 24 | rank)) }

  init(word: Int64) { self.word = word }

  /// Where a worker diverged, if any did.
  public var divergence: (step: Int, rank: Int)? {
    self == .fine ? nil : (Int(word >> 24), Int(word & 0xFF_FFFF))
  }
}
