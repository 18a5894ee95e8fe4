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
  /// Speaker by speaker: a worker has all sequences of each of its own.
  case speaker

  /// What `alpha` may be; beyond these the result is iid, or one class a worker.
  private static let alphas = 1e-9...1e9

  /// Parses `iid`, `contiguous`, `label-skew:ALPHA` or `speaker`.
  ///
  /// - Throws: `Failure(.usage)` for an unknown name, with the nearest known one, and for an `alpha` out of range.
  public init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("iid", 1): self = .iid
    case ("speaker", 1): self = .speaker
    case ("contiguous", 1): self = .contiguous
    case ("label-skew", 2):
      guard let alpha = Double(parts[1]), Self.alphas.contains(alpha) else {
        throw Failure(.usage, "partition '\(text)': ALPHA should be a number in \(Self.alphas)")
      }
      self = .labelSkew(alpha: alpha)
    case ("label-skew", 1): throw Failure(.usage, "partition label-skew wants its skew: label-skew:ALPHA")
    case ("iid", _), ("contiguous", _), ("speaker", _):
      throw Failure(.usage, "partition \(parts[0]) takes no '\(parts[1])'")
    default:
      throw Failure.unknownName(
        parts[0], kind: "partition", known: ["iid", "contiguous", "label-skew:ALPHA", "speaker"])
    }
  }

  /// The worker that owns each sample, in file order. Every worker owns at least one.
  ///
  /// With `iid` and `contiguous` shard sizes differ by at most one, and the earlier workers have the larger ones.
  ///
  /// - Parameters:
  ///   - labels: the class, or group, of each sample, in 0..<classCount.
  ///   - seed: the run's seed.
  /// - Throws: `Failure(.usage)` if there are more workers than samples, or than speakers to be divided among them.
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
    case .speaker:
      return try Self.bySpeaker(labels, speakers: classCount, workers: workers)
    }
  }

  /// Whole speakers, those with most samples first, each to the worker that has fewest so far.
  private static func bySpeaker(_ labels: [Int32], speakers: Int, workers: Int) throws -> [Int32] {
    var sizes = [Int](repeating: 0, count: speakers)
    for label in labels { sizes[Int(label)] += 1 }
    let present = sizes.indices.filter { sizes[$0] > 0 }
    guard workers <= present.count else {
      throw Failure(.usage, "\(workers) workers cannot share \(present.count) speakers: each needs at least one")
    }
    var owners = [Int32](repeating: 0, count: speakers)
    var loads = [Int](repeating: 0, count: workers)
    for speaker in present.sorted(by: { (-sizes[$0], $0) < (-sizes[$1], $1) }) {
      let worker = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) }!
      owners[speaker] = Int32(worker)
      loads[worker] += sizes[speaker]
    }
    return labels.map { owners[Int($0)] }
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
    case .speaker: "speaker"
    }
  }
}
