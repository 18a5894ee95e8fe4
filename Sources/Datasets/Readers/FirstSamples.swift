import Failures

/// The first samples of a dataset, as if there were no others.
struct FirstSamples: DatasetReader {
  private var reader: any DatasetReader
  let labels: [Int32]

  /// - Throws: `Failure(.usage)` where there are fewer.
  init(_ count: Int, of reader: any DatasetReader) throws {
    guard count <= reader.sampleCount else {
      throw Failure(
        .usage, "\(reader.name) has \(reader.sampleCount) training samples, not the \(count) that are asked for")
    }
    self.reader = reader
    labels = Array(reader.labels.prefix(count))
  }

  var name: String { reader.name }
  var format: SampleFormat { reader.format }
  var vocabulary: Vocabulary { reader.vocabulary }
  var sampleCount: Int { labels.count }

  mutating func read(_ count: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try reader.read(count, into: bytes)
  }
}

extension DatasetReader {
  /// The first `count` samples alone; nil is all.
  /// - Throws: `Failure(.usage)` where there are fewer.
  public func first(_ count: Int?) throws -> any DatasetReader {
    guard let count else { return self }
    return try FirstSamples(count, of: self)
  }
}
