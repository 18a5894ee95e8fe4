import Failures

/// A file that is read front to back, and decompressed on the way if it is gzip'ed.
///
/// Its failures name the path: `.inputOutput` where the system refuses, `.badData` where the content is damaged.
final class CompressedFile {
  let path: String
  /// How many bytes were read so far, counted after decompression.
  private(set) var offset = 0
  /// No more bytes than these can be in the file, counted after decompression.
  let largestSize: Int
  private let blocks: FileBlocks
  /// Nil for a file that is not compressed.
  private let inflation: Inflation?

  /// Deflate spends at least two bits on a match, and a match is at most 258 bytes long.
  private static let largestRatio = 1032

  init(path: String) throws {
    self.path = path
    blocks = try FileBlocks(path: path)
    inflation = try Inflation.isNeeded(blocks) ? Inflation(blocks) : nil
    let size = blocks.size ?? .max
    largestSize = inflation == nil ? size : size.multipliedOrLargest(by: Self.largestRatio)
  }

  /// Fills all of `bytes`.
  func read(into bytes: UnsafeMutableRawBufferPointer) throws {
    var filled = 0
    while filled < bytes.count {
      let got = try readSome(into: .init(rebasing: bytes[filled...]))
      guard got > 0 else { throw badData("ends at byte \(offset), where \(bytes.count - filled) more were promised") }
      filled += got
    }
  }

  /// Fills some of `bytes`, and returns how many: 0 at a sound end, and only there.
  func readSome(into bytes: UnsafeMutableRawBufferPointer) throws -> Int {
    let got = try inflation?.read(into: bytes) ?? copySome(to: bytes)
    offset += got
    return got
  }

  /// Checks that nothing follows what was read, and that a gzip'ed file's own end (length and checksum) is right.
  func expectEnd() throws {
    let end = offset
    var extra: UInt8 = 0
    let got = try withUnsafeMutableBytes(of: &extra) { try readSome(into: $0) }
    guard got == 0 else { throw badData("goes on after byte \(end), where it should end") }
  }

  func badData(_ what: String) -> Failure { Failure(.badData, "\(path): \(what)") }

  private func copySome(to bytes: UnsafeMutableRawBufferPointer) throws -> Int {
    guard try blocks.fill() else { return 0 }
    let count = min(bytes.count, blocks.rest.count)
    bytes.copyMemory(from: .init(rebasing: blocks.rest[..<count]))
    blocks.take(count)
    return count
  }
}

extension Int {
  fileprivate func multipliedOrLargest(by factor: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}
