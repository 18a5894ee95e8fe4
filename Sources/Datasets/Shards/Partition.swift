import Failures
import Kernels
import Options

/// How the training samples are divided among the workers.
public enum Partition: Equatable, Sendable {
  /// At random, in equal numbers: every worker sees the same distribution.
  case iid
  /// In file order, in equal numbers.
  case contiguous
  /// Class by class, in random proportions: the smaller `alpha`, the fewer classes a worker has.
  case labelSkew(alpha: Double)

  /// What `alpha` may be; beyond it the skew is no longer told from none, or from one worker a class.
  private static let alphas = 1e-9...1e9

  /// Parses `iid`, `contiguous` or `label-skew:ALPHA`.
  ///
  /// - Throws: `Failure(.usage)` for an unknown name, with the nearest known one, and for an `alpha` out of range.
  public init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("iid", 1): self = .iid
    case ("contiguous", 1): self = .contiguous
    case ("label-skew", 2):
      guard let alpha = Double(parts[1]), Self.alphas.contains(alpha) else {
        throw Failure(.usage, "partition '\(text)': ALPHA should be a number in \(Self.alphas)")
      }
      self = .labelSkew(alpha: alpha)
    case ("label-skew", 1): throw Failure(.usage, "partition label-skew wants its skew: label-skew:ALPHA")
    case ("iid", _), ("contiguous", _): throw Failure(.usage, "partition \(parts[0]) takes no '\(parts[1])'")
    default:
      throw Failure.unknownName(parts[0], kind: "partition", known: ["iid", "contiguous", "label-skew:ALPHA"])
    }
  }

  /// The worker that owns each sample, in file order. Every worker owns at least one.
  ///
  /// With `iid` and `contiguous` shard sizes differ by at most one, and the earlier workers have the larger ones.
  ///
  /// - Parameters:
  ///   - labels: the class of each sample, in 0..<classCount.
  ///   - seed: the run's seed.
  /// - Throws: `Failure(.usage)` if there are more workers than samples.
  public func owners(labels: [Int32], classCount: Int, workers: Int, seed: UInt64) throws -> [Int32] {
    precondition(workers > 0, "a partition wants workers")
    guard workers <= labels.count else {
      throw Failure(.usage, "\(workers) workers cannot share \(labels.count) samples: each needs at least one")
    }
    switch self {
    case .contiguous:
      return Self.consecutiveBlocks(labels.count, workers: workers)
    case .iid:
      // Shuffling the owners gives a sample to a worker as likely as shuffling the samples would.
      var owners = Self.consecutiveBlocks(labels.count, workers: workers)
      var source = RandomSource(seed: seed, purpose: .partition)
      owners.withUnsafeMutableBufferPointer { source.shuffle($0) }
      return owners
    case .labelSkew(let alpha):
      return Self.labelSkewed(labels, classCount: classCount, workers: workers, alpha: alpha, seed: seed)
    }
  }

  private static func consecutiveBlocks(_ samples: Int, workers: Int) -> [Int32] {
    let (size, larger) = samples.quotientAndRemainder(dividingBy: workers)
    return (0..<workers).flatMap { repeatElement(Int32($0), count: size + ($0 < larger ? 1 : 0)) }
  }
}

extension Partition: CustomStringConvertible {
  /// The canonical text; parses to the same partition.
  public var description: String {
    switch self {
    case .iid: "iid"
    case .contiguous: "contiguous"
    case .labelSkew(let alpha): "label-skew:\(alpha.shortText)"
    }
  }
}
