import Glibc
import Kernels

/// Shards whose classes differ: each class is divided among the workers in proportions drawn from a symmetric
/// Dirichlet(alpha) distribution (Hsu, Qi, Brown, arXiv:1909.06335, in the form of Yurochkin et al., ICML 2019, that
/// draws a class at a time and so uses every sample once).
extension Partition {
  static func labelSkewed(
    _ labels: [Int32], classCount: Int, workers: Int, alpha: Double, seed: UInt64
  ) -> [Int32] {
    var members = [[Int]](repeating: [], count: classCount)
    for (sample, label) in labels.enumerated() { members[Int(label)].append(sample) }

    var owners = [Int32](repeating: 0, count: labels.count)
    for label in 0..<classCount {
      var source = RandomSource(seed: seed, purpose: .partition, index: label)
      let proportions = dirichlet(alpha: alpha, count: workers, from: &source)
      let counts = largestRemainders(of: members[label].count, proportions: proportions)
      members[label].withUnsafeMutableBufferPointer { source.shuffle($0) }
      var next = 0
      for (worker, count) in counts.enumerated() {
        for sample in members[label][next..<(next + count)] { owners[sample] = Int32(worker) }
        next += count
      }
    }
    fillEmptyShards(&owners, workers: workers)
    return owners
  }

  /// A draw from the symmetric Dirichlet distribution, as `count` proportions with sum 1.
  ///
  /// It is made from logarithms of Gamma(alpha) numbers, log Gamma(alpha + 1) + log(U) / alpha, because the numbers
  /// themselves all underflow to zero for a small `alpha`.
  private static func dirichlet(alpha: Double, count: Int, from source: inout RandomSource) -> [Double] {
    let logarithms = (0..<count).map { _ in
      log(source.nextGamma(shape: alpha + 1)) + log(source.nextUniform()) / alpha
    }
    let largest = logarithms.max()!
    let weights = logarithms.map { exp($0 - largest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// `total` divided in whole numbers close to `proportions`: what rounding down leaves over goes, one each, to the
  /// largest fractions.
  private static func largestRemainders(of total: Int, proportions: [Double]) -> [Int] {
    let quotas = proportions.map { $0 * Double(total) }
    var counts = quotas.map { Int($0) }
    let fractions = zip(quotas, counts).map { $0 - Double($1) }
    let order = fractions.indices.sorted { (fractions[$0], $1) > (fractions[$1], $0) }
    for worker in order.prefix(total - counts.reduce(0, +)) { counts[worker] += 1 }
    return counts
  }

  /// Gives each worker without a sample one of the largest shard's, its last in file order.
  private static func fillEmptyShards(_ owners: inout [Int32], workers: Int) {
    var counts = [Int](repeating: 0, count: workers)
    for owner in owners { counts[Int(owner)] += 1 }
    for worker in counts.indices where counts[worker] == 0 {
      let largest = counts.firstIndex(of: counts.max()!)!
      owners[owners.lastIndex(of: Int32(largest))!] = Int32(worker)
      counts[largest] -= 1
      counts[worker] = 1
    }
  }
}
