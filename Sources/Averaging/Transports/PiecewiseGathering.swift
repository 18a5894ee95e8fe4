import Kernels
import MessagePassing

/// Gathers what all workers have, by a swap with each distance in turn.
final class PiecewiseGathering {
  private let communicator: Communicator
  private let own: AlignedBuffer<UInt8>
  /// (ranks, bytes of one)
  private let all: AlignedBuffer<UInt8>
  private let swap: PiecewiseSwap<UInt8>
  /// How far away the workers of the swap under way are.
  private var distance = 0

  init(_ communicator: Communicator, own: AlignedBuffer<UInt8>, all: AlignedBuffer<UInt8>) {
    (self.communicator, self.own, self.all) = (communicator, own, all)
    swap = PiecewiseSwap(communicator)
  }

  /// Until `advance` is true, what is sent must not change.
  func begin() throws {
    (all.pointer + communicator.rank * own.count).update(from: own.pointer, count: own.count)
    distance = 0
    _ = try advance()
  }

  /// Goes on as far as it can without waiting.
  /// - Returns: whether all have arrived.
  func advance() throws -> Bool {
    let n = communicator.size
    while distance < n {
      guard try swap.advance() else { return false }
      distance += 1
      guard distance < n else { break }
      let sender = (communicator.rank + n - distance) % n
      try swap.begin(
        own.count, of: own.pointer, to: (communicator.rank + distance) % n, into: all.pointer + sender * own.count,
        from: sender)
    }
    return true
  }
}
