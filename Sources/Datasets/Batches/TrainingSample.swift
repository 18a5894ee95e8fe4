import Kernels

/// A sample of the training set, drawn once: each worker's part of it lies in that worker's shard.
///
/// The parts are in proportion to the shards, so that the mean over all of them estimates the mean over the whole set. What
/// is drawn is a function of the seed, the sizes of the shards and the worker alone.
public enum TrainingSample {
  /// How many samples come from each shard: `samples` in proportion to the sizes, by the method of largest remainders; of
  /// equal ones the first wins.
  ///
  /// - Precondition: there are as many samples.
  public static func shares(of samples: Int, shards: [Int]) -> [Int] {
    let total = shards.reduce(0, +)
    precondition(samples >= 0 && samples <= total && total > 0)
    let quotas = shards.map { total.dividingFullWidth(samples.multipliedFullWidth(by: $0)) }
    var shares = quotas.map(\.quotient)
    let byRemainder = shards.indices.sorted { (-quotas[$0].remainder, $0) < (-quotas[$1].remainder, $1) }
    for worker in byRemainder.prefix(samples - shares.reduce(0, +)) { shares[worker] += 1 }
    return shares
  }

  /// `count` different indices below `size`, each set of them equally likely, in ascending order (Knuth, "The Art of
  /// Computer Programming", volume 2, algorithm 3.4.2S).
  public static func draw(_ count: Int, below size: Int, seed: UInt64, worker: Int) -> [Int32] {
    precondition(count >= 0 && count <= size && size <= Int(Int32.max))
    var source = RandomSource(seed: seed, purpose: .evaluation, index: worker)
    var drawn: [Int32] = []
    drawn.reserveCapacity(count)
    for index in 0..<size where drawn.count < count && source.nextIndex(below: size - index) < count - drawn.count {
      drawn.append(Int32(index))
    }
    return drawn
  }
}
