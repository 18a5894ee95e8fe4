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

  /// What the columns are.
  public var columns: TableColumns { table.columns }
  /// What was made of the file's fields, where that is more than to read numbers.
  public var remarks: [String] { table.remarks }

  /// Reads the table: all of it, for the classes are the labels that the training file has.
  ///
  /// - Parameters:
  ///   - columns: those of another training file, which this one's rows are to be samples of.
  ///   - seed: the run's seed, which decides what rows are held out.
  ///   - memory: how many bytes the table may take.
  /// - Throws: as `CSVTableReader.read`.
  public init(
    _ files: CSVFiles, part: DatasetPart, columns: TableColumns? = nil, seed: UInt64,
    memory: Int = AvailableMemory.bytes
  ) throws {
    let memory = ReadMemory(available: memory)
    if let test = files.test, part == .test {
      let columns = try columns ?? CSVTableReader.read(files.training, files, memory: memory).columns
      table = try CSVTableReader.read(test, files, matching: columns, memory: memory)
    } else {
      table = try CSVTableReader.read(files.training, files, matching: columns, memory: memory)
    }
    if files.test != nil {
      rows = Array(table.labels.indices)
    } else {
      let isHeldOut = Self.heldOut(files.holdout, of: table.labels.count, seed: seed)
      rows = isHeldOut.indices.filter { isHeldOut[$0] == (part == .test) }
    }
    labels = rows.map { [table] in table.labels[$0] }
    format = SampleFormat(
      channels: table.columns.featureCount, height: 1, width: 1, classCount: table.columns.classes.count,
      encoding: .float)
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
