import Failures
import Kernels

/// The binary files of CIFAR-10 or CIFAR-100, gzip'ed or not. A file may have any number of records.
///
/// The files are read twice, for each record has its label at its front: all of them for the labels when the dataset is
/// opened, which also finds whatever is wrong with them, and then block by block.
public final class CIFARReader: DatasetReader {
  public var name: String { layout.name }
  public var format: SampleFormat { layout.format }
  public let labels: [Int32]
  public var sampleCount: Int { labels.count }

  private let layout: CIFARLayout
  /// In the order of their samples, each with the number of its records.
  private let files: [(path: String, count: Int)]
  private var samplesRead = 0
  /// Which of `files` is being read, and where.
  private var place = 0
  private var records: CIFARRecords?

  /// Reads the labels of a part, whose files have the names they were published under, with or without `.gz`.
  ///
  /// - Throws: `Failure(.inputOutput)` for a file that is not there or cannot be read; `Failure(.badData)`, with the
  ///   record's number from 0, for one that is cut or has a label that is no class.
  public init(_ layout: CIFARLayout, folder: String, part: DatasetPart) throws {
    self.layout = layout
    var labels: [Int32] = []
    files = try layout.fileNames(of: part).map { name in
      let path = try findFile(anyOf: [name, name + ".gz"], in: folder, hint: layout.hint)
      let records = try CIFARRecords(layout, path: path)
      while let label = try records.next() { labels.append(label) }
      guard records.count > 0 else { throw Failure(.badData, "\(path): has no records") }
      guard labels.count <= Int(Int32.max) else {
        throw Failure(.badData, "\(path): only \(Int32.max) samples are read")
      }
      return (path, records.count)
    }
    self.labels = labels
  }

  public func read(_ count: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    precondition(count >= 0 && samplesRead + count <= sampleCount, "a dataset is read once, front to back")
    let size = format.bytesPerSample
    for sample in 0..<count {
      try readRecord(into: .init(rebasing: bytes[(sample * size)..<((sample + 1) * size)]))
    }
  }

  private func readRecord(into pixels: UnsafeMutableRawBufferPointer) throws {
    let records = try self.records ?? CIFARRecords(layout, path: files[place].path)
    self.records = records
    guard try records.next() == labels[samplesRead] else { throw records.badData("changed while it was read") }
    pixels.copyMemory(from: records.pixels)
    samplesRead += 1
    if records.count == files[place].count {
      try records.expectEnd()
      self.records = nil
      place += 1
    }
  }
}

/// The records of one file, one after another.
private final class CIFARRecords {
  /// How many were read.
  private(set) var count = 0
  private let file: CompressedFile
  private let layout: CIFARLayout
  private let record: AlignedBuffer<UInt8>

  init(_ layout: CIFARLayout, path: String) throws {
    self.layout = layout
    file = try CompressedFile(path: path)
    record = AlignedBuffer(count: layout.labelBytes + layout.format.bytesPerSample)
  }

  /// Reads the next record and returns its class; nil after the last one.
  func next() throws -> Int32? {
    var filled = 0
    while filled < record.count {
      let got = try file.readSome(into: .init(start: record.pointer + filled, count: record.count - filled))
      if got == 0 && filled == 0 { return nil }
      guard got > 0 else { throw badData("record \(count) ends after \(filled) of its \(record.count) bytes") }
      filled += got
    }
    let label = record[layout.labelPlace]
    guard label < layout.format.classCount else {
      throw badData("label \(label) of record \(count) is not one of the \(layout.format.classCount) classes from 0 up")
    }
    count += 1
    return Int32(label)
  }

  /// The pixels of the record that was read last.
  var pixels: UnsafeRawBufferPointer {
    .init(start: record.pointer + layout.labelBytes, count: record.count - layout.labelBytes)
  }

  func expectEnd() throws { try file.expectEnd() }

  func badData(_ what: String) -> Failure { file.badData(what) }
}
