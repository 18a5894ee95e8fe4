import Kernels

/// The samples that one worker trains on, in file order.
public final class Shard {
  /// The feature rows (sample, rowStride); what pads a row is zero.
  public let features: AlignedBuffer<Float>
  /// The class of each sample, or the group that a sequence belongs to.
  public let labels: AlignedBuffer<Int32>
  public let format: SampleFormat
  /// Of sequences, the characters by their numbers.
  public let vocabulary: Vocabulary
  /// Distance between two rows, in floats: every row starts on a cache line.
  public let rowStride: Int
  /// How many samples were appended.
  public private(set) var count = 0

  /// - Parameter capacity: how many samples can be appended.
  public init(capacity: Int, format: SampleFormat, vocabulary: Vocabulary = Vocabulary()) {
    self.format = format
    self.vocabulary = vocabulary
    rowStride = Self.rowStride(of: format)
    features = AlignedBuffer(count: capacity * rowStride)
    labels = AlignedBuffer(count: capacity)
  }

  /// Adds the sample that is stored at `bytes` in this shard's format.
  public func append(_ bytes: UnsafeRawPointer, label: Int32) {
    precondition(count < labels.count, "the shard is full")
    precondition(label >= 0 && label < format.labelCount, "the label is none")
    format.decode(bytes, into: features.pointer + count * rowStride)
    labels.pointer[count] = label
    count += 1
  }

  /// The features of a sample (height, width, channels).
  public func row(_ index: Int) -> UnsafeMutablePointer<Float> {
    precondition(index >= 0 && index < count)
    return features.pointer + index * rowStride
  }

  /// What the samples take in memory.
  public var bytes: Int { Self.bytes(capacity: labels.count, format: format) }

  /// What so many samples take in memory.
  public static func bytes(capacity: Int, format: SampleFormat) -> Int {
    capacity * (rowStride(of: format) * MemoryLayout<Float>.stride + MemoryLayout<Int32>.stride)
  }

  private static func rowStride(of format: SampleFormat) -> Int {
    rounded(format.featureCount, upTo: AlignedBuffer<Float>.alignment / MemoryLayout<Float>.stride)
  }
}
