import Kernels

/// A table in a CSV file, as samples of one pixel that have a channel for each feature: what is done to each channel, such as
/// scaling, is done to each column.
public struct CSVReader: DatasetReader {
  public let name = "csv"
  public let format: SampleFormat
  public let labels: [Int32]
  public var sampleCount: Int { rows.count }

  private let table: CSVTable
  /// Which rows of the table the samples are.
  private let rows: [Int]
  private var samplesRead = 0

  /// Reads the table: all of it, for the classes are the labels that the training file has.
  ///
  /// - Parameters:
  ///   - seed: the run's seed, which decides what rows are held out.
  ///   - memory: how many bytes the table may take.
  /// - Throws: as `CSVTableReader.read`.
  public init(
    _ files: CSVFiles, part: DatasetPart, seed: UInt64, memory: Int = AvailableMemory.bytes
  ) throws {
    let memory = ReadMemory(available: memory)
    let training = try CSVTableReader.read(files.training, label: files.label, memory: memory)
    if let test = files.test {
      table =
        try part == .training
        ? training : CSVTableReader.read(test, label: files.label, matching: training, memory: memory)
      rows = Array(table.labels.indices)
    } else {
      table = training
      let isHeldOut = Self.heldOut(files.holdout, of: table.labels.count, seed: seed)
      rows = isHeldOut.indices.filter { isHeldOut[$0] == (part == .test) }
    }
    labels = rows.map { [table] in table.labels[$0] }
    format = SampleFormat(
      channels: table.featureCount, height: 1, width: 1, classCount: table.classes.count, encoding: .float)
  }

  public mutating func read(_ count: Int, into bytes: UnsafeMutableRawBufferPointer) {
    precondition(count >= 0 && samplesRead + count <= sampleCount, "a dataset is read once, front to back")
    let size = format.bytesPerSample
    table.features.withUnsafeBytes { features in
      for sample in 0..<count {
        let row = features[(rows[samplesRead + sample] * size)...].prefix(size)
        UnsafeMutableRawBufferPointer(rebasing: bytes[(sample * size)...]).copyMemory(from: .init(rebasing: row))
      }
    }
    samplesRead += count
  }

  /// Whether each row is held out: as many as `share` says, though at least one if any, and never all.
  private static func heldOut(_ share: Double, of count: Int, seed: UInt64) -> [Bool] {
    guard share > 0 else { return Array(repeating: false, count: count) }
    let heldOut = min(max(Int((share * Double(count)).rounded()), 1), count - 1)
    var isHeldOut = (0..<count).map { $0 < heldOut }
    // The partition's own streams are at position 0.
    var source = RandomSource(seed: seed, purpose: .partition, position: 1)
    isHeldOut.withUnsafeMutableBufferPointer { source.shuffle($0) }
    return isHeldOut
  }
}
