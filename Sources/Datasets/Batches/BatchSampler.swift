import Kernels
import Persistence

/// Draws mini-batches from a shard: consecutive pieces of endless passes over it, each pass in a new random order.
///
/// A batch as large as the shard is the shard in file order. What is drawn is a function of the seed, the worker and
/// `position` alone; drawing allocates nothing.
public struct BatchSampler: Persistent, Sendable {
  public let sampleCount: Int
  public let batchSize: Int
  /// How many samples were drawn so far, which is all the state there is.
  public var position = 0 {
    didSet { precondition(position >= 0, "a sampler has no negative position") }
  }

  private let seed: UInt64
  private let worker: Int
  private var order: [Int32]
  /// The pass that `order` is of.
  private var orderedPass: Int?

  /// - Parameters:
  ///   - sampleCount: the size of the shard.
  ///   - batchSize: may be larger than the shard; a batch then has samples more than once.
  ///   - seed: the run's seed.
  ///   - worker: which worker's shard it is: each has orders of its own.
  public init(sampleCount: Int, batchSize: Int, seed: UInt64, worker: Int) {
    precondition(sampleCount > 0 && sampleCount <= Int(Int32.max) && batchSize > 0, "a batch has samples")
    self.sampleCount = sampleCount
    self.batchSize = batchSize
    self.seed = seed
    self.worker = worker
    order = Array(0..<Int32(sampleCount))
  }

  /// Fills `indices` (batchSize) with the next batch: indices of the shard's rows.
  public mutating func next(into indices: UnsafeMutableBufferPointer<Int32>) {
    precondition(indices.count == batchSize, "a batch has batchSize samples")
    for slot in 0..<batchSize {
      let (pass, place) = (position + slot).quotientAndRemainder(dividingBy: sampleCount)
      if pass != orderedPass { beginPass(pass) }
      indices[slot] = order[place]
    }
    position += batchSize
  }

  public mutating func visit(_ state: inout StateVisitor) throws { try state.visit(&position) }

  private mutating func beginPass(_ pass: Int) {
    orderedPass = pass
    // The order of a full batch changes nothing but the rounding of its sums.
    guard batchSize != sampleCount else { return }
    var source = RandomSource(seed: seed, purpose: .shuffle, index: worker, position: pass)
    order.withUnsafeMutableBufferPointer { order in
      for index in order.indices { order[index] = Int32(index) }
      source.shuffle(order)
    }
  }
}
