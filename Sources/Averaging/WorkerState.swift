import Kernels
import MessagePassing

/// Everything of a worker that its steps change and an averaging may touch. Model and momentum lie side by side, so that
/// they travel in one message.
public struct WorkerVectors: Sendable {
  /// x_i, *m* numbers.
  public let parameters: ParameterVector
  /// u_i, *m* numbers; none without momentum.
  public let momentum: ParameterVector?
  /// g_i of the current step.
  public let gradient: ParameterVector

  /// Numbers that the vectors of a worker take.
  static func storageCount(_ parameterCount: Int, hasMomentum: Bool) -> Int {
    (hasMomentum ? 3 : 2) * ParameterVector.paddedCount(parameterCount)
  }

  init(_ storage: AlignedBuffer<Float>, parameterCount count: Int, hasMomentum: Bool) {
    let padded = ParameterVector.paddedCount(count)
    parameters = ParameterVector(storage, count: count)
    momentum = hasMomentum ? ParameterVector(storage, offset: padded, count: count) : nil
    gradient = ParameterVector(storage, offset: hasMomentum ? 2 * padded : padded, count: count)
  }
}

/// A worker's vectors, and those of the others where all share memory.
public final class WorkerState {
  public let vectors: WorkerVectors
  /// Where all workers share memory: what each of them has there.
  let peers: [Peer]

  /// A worker in shared memory.
  struct Peer {
    let vectors: WorkerVectors
    /// What this one tells all.
    let report: UnsafeMutablePointer<Int64>
    /// What it tells each.
    let squares: UnsafeMutablePointer<SquaredNorms>
  }

  public var parameters: ParameterVector { vectors.parameters }
  public var momentum: ParameterVector? { vectors.momentum }
  public var gradient: ParameterVector { vectors.gradient }

  /// In memory of this process alone.
  public init(parameterCount: Int, hasMomentum: Bool) {
    let count = WorkerVectors.storageCount(parameterCount, hasMomentum: hasMomentum)
    vectors = WorkerVectors(AlignedBuffer(count: count), parameterCount: parameterCount, hasMomentum: hasMomentum)
    peers = []
  }

  private init(_ peers: [Peer], rank: Int) {
    vectors = peers[rank].vectors
    self.peers = peers
  }

  /// In memory that all workers share, where they can; every rank must call it together.
  /// - Throws: `MPIError`.
  public static func shared(
    parameterCount: Int, hasMomentum: Bool, by communicator: Communicator
  ) throws -> WorkerState {
    let count = WorkerVectors.storageCount(parameterCount, hasMomentum: hasMomentum)
    let bytes = count * MemoryLayout<Float>.stride
    let told =
      WorkerReport.wordCount * MemoryLayout<Int64>.stride + communicator.size * MemoryLayout<SquaredNorms>.stride
    let allocated = try SharedMemory.allocate(bytes: bytes + told + AlignedBuffer<Float>.slack, for: communicator)
    guard let allocated else { return WorkerState(parameterCount: parameterCount, hasMomentum: hasMomentum) }
    let peers = (0..<communicator.size).map { rank in
      let start = allocated.segment(of: rank)
      let numbers = start.bindMemory(to: Float.self, capacity: count)
      let report = (start + bytes).bindMemory(to: Int64.self, capacity: WorkerReport.wordCount)
      let squares = UnsafeMutableRawPointer(report + WorkerReport.wordCount)
        .bindMemory(to: SquaredNorms.self, capacity: communicator.size)
      let storage = AlignedBuffer(numbers, count: count, owner: allocated)
      return Peer(
        vectors: WorkerVectors(storage, parameterCount: parameterCount, hasMomentum: hasMomentum), report: report,
        squares: squares)
    }
    return WorkerState(peers, rank: communicator.rank)
  }
}
