/// The training set and the test set.
public enum DatasetPart: String, CaseIterable, Sendable {
  case training, test
}

/// A dataset that is read once, front to back, in blocks of samples.
///
/// The labels come first and all at once, because they decide which worker a sample goes to.
public protocol DatasetReader {
  /// What the dataset is called, as in `DatasetSpecification`.
  var name: String { get }
  var format: SampleFormat { get }
  var sampleCount: Int { get }
  /// The class of each sample, or the group that it belongs to, in file order, in 0..<`format.labelCount`.
  var labels: [Int32] { get }
  /// Of sequences, the characters by their numbers.
  var vocabulary: Vocabulary { get }

  /// Reads the next `count` samples, in file order, to the front of `bytes` (count, `format.bytesPerSample`), each as
  /// (channels, height, width).
  ///
  /// With the last sample it also checks that the data ends there.
  ///
  /// - Throws: `Failure(.badData)` if the data is damaged, shorter or longer than it promised to be;
  ///   `Failure(.inputOutput)` if it cannot be read.
  mutating func read(_ count: Int, into bytes: UnsafeMutableRawBufferPointer) throws
}

extension DatasetReader {
  public var vocabulary: Vocabulary { Vocabulary() }
}
