import MessagePassing

/// When each worker began each of its last two exchanges, in memory that all see.
///
/// Nobody is more than one exchange ahead of those whom it exchanges with: what it writes of the next but one overwrites
/// nothing that is still to be read.
struct BeginningTimes {
  static let bytesOfWorker = 2 * MemoryLayout<Double>.stride

  private let memory: SharedMemory

  init(_ memory: SharedMemory) { self.memory = memory }

  private func times(of rank: Int) -> UnsafeMutablePointer<Double> {
    memory.segment(of: rank).assumingMemoryBound(to: Double.self)
  }

  func note(_ time: Double, round: Int, rank: Int) {
    times(of: rank)[round % 2] = time
    SharedMemory.fence()
  }

  /// The last of `ranks`, all of which have begun.
  func latest(of ranks: some Sequence<Int>, round: Int) -> Double {
    SharedMemory.fence()
    return ranks.reduce(-.infinity) { max($0, times(of: $1)[round % 2]) }
  }
}
