/// Which random numbers a training pass uses; the same for its forward and its backward half.
public struct PassRandomness: Sendable {
  public var seed: UInt64
  public var worker: Int
  /// Of the first sample of the pass among all that the worker draws.
  public var position: Int

  public init(seed: UInt64 = 0, worker: Int = 0, position: Int = 0) {
    self.seed = seed
    self.worker = worker
    self.position = position
  }
}
