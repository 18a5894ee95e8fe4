import Kernels
import MessagePassing

/// Adds up what each node has of a slice of the vectors; of each node one worker takes part.
protocol SumBetweenNodes: AnyObject {
  /// Begins with the slice of the vectors that all take part for, in SIMD vectors.
  func begin(_ slice: Range<Int>) throws
  /// Goes on as far as it can without waiting.
  /// - Returns: whether the sums are there.
  func advance() throws -> Bool
}

/// What one node has, and where the sums go.
struct NodeShare {
  typealias Lanes = ParameterVector.Lanes
  let sources: JointUpdate
  /// x₀ where the sum is of the ways from there.
  let anchor: ParameterVector?
  /// The numbers' place, then the moments' that travel along.
  let targets: [ParameterVector]

  /// Sums over the node's workers.
  /// - Parameter sum: where that of the first SIMD vector of `range` goes.
  func form(_ part: Int, _ range: Range<Int>, into sum: UnsafeMutablePointer<Lanes>) {
    sources.sum(JointUpdate.Part(rawValue: part)!, range, relativeTo: part == 0 ? anchor : nil, into: sum)
  }

  func target(_ part: Int, _ range: Range<Int>) -> UnsafeMutablePointer<Lanes> {
    targets[part].vectors + range.lowerBound
  }

  /// The single numbers of `count` SIMD vectors.
  static func numbers(_ vectors: UnsafeMutablePointer<Lanes>, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: UnsafeMutableRawPointer(vectors).assumingMemoryBound(to: Float.self), count: count * Lanes.scalarCount)
  }
}

/// By `MPI_Iallreduce`, which takes few messages: for short vectors.
final class ReducedSum: SumBetweenNodes {
  private let share: NodeShare
  private let communicator: Communicator
  private let own: [AlignedBuffer<NodeShare.Lanes>]
  private var requests: [Reduction]

  private final class Reduction { var request: Request? }

  /// - Parameter longest: SIMD vectors of the longest slice.
  init(_ share: NodeShare, longest: Int, communicator: Communicator) {
    self.share = share
    self.communicator = communicator
    own = share.targets.map { _ in AlignedBuffer(count: longest) }
    requests = share.targets.map { _ in Reduction() }
  }

  func begin(_ slice: Range<Int>) throws {
    guard !slice.isEmpty else { return }
    for part in own.indices {
      share.form(part, slice, into: own[part].pointer)
      requests[part].request = try communicator.beginAllReduce(
        UnsafeBufferPointer(NodeShare.numbers(own[part].pointer, slice.count)),
        into: NodeShare.numbers(share.target(part, slice), slice.count), .sum, owner: self)
    }
  }

  func advance() throws -> Bool {
    for reduction in requests where try reduction.request?.test() == false { return false }
    for reduction in requests { try reduction.request.take()?.wait() }
    return true
  }
}
