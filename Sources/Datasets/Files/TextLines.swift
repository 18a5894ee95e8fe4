import Failures
import Glibc
import Kernels

/// The lines of a text file, gzip'ed or not, one at a time and without their ends, `\n` or `\r\n`.
final class TextLines {
  let path: String
  /// Of the line at hand, from 1.
  private(set) var number = 0
  /// The line at hand.
  private(set) var bytes: [UInt8] = []

  /// What is no text may go on without an end of line.
  private static let longestLine = 1 << 24

  private let file: CompressedFile
  private let block = AlignedBuffer<UInt8>(count: 1 << 16)
  /// What of `block` is in no line yet.
  private var rest = 0..<0

  init(path: String) throws {
    self.path = path
    file = try CompressedFile(path: path)
  }

  /// Goes to the next line; false where there is none.
  func next() throws -> Bool {
    bytes.removeAll(keepingCapacity: true)
    guard try fill() else { return false }
    number += 1
    var isWhole = false
    // The last line may end with the file.
    while try !isWhole && fill() { isWhole = try takeUpToEndOfLine() }
    if bytes.last == Self.carriageReturn { bytes.removeLast() }
    try refuseOtherText()
    return true
  }

  private static let carriageReturn = UInt8(ascii: "\r")

  /// Refuses what looks like numbers that are damaged, and is text of another kind.
  private func refuseOtherText() throws {
    if number == 1, bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw badData("is text in UTF-16: save it as UTF-8")
    }
    if bytes.contains(Self.carriageReturn) {
      throw badData("has a carriage return within a line: end lines with \\n or \\r\\n")
    }
  }

  /// A failure that names the file and its line `line`, by default the one at hand.
  func badData(_ what: String, line: Int? = nil) -> Failure { Failure(.badData, "\(path):\(line ?? number): \(what)") }

  /// Whether there are bytes to take.
  private func fill() throws -> Bool {
    if rest.isEmpty { rest = 0..<(try file.readSome(into: UnsafeMutableRawBufferPointer(block.elements))) }
    return !rest.isEmpty
  }

  /// Adds to the line what of it is in the block; true if that is all of it.
  private func takeUpToEndOfLine() throws -> Bool {
    let start = block.pointer + rest.lowerBound
    let end = memchr(start, Int32(UInt8(ascii: "\n")), rest.count)
    let length = end.map { $0 - UnsafeMutableRawPointer(start) } ?? rest.count
    guard bytes.count + length <= Self.longestLine else { throw badData("the line goes on for too long") }
    bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: length))
    rest = (rest.lowerBound + length + (end == nil ? 0 : 1))..<rest.upperBound
    return end != nil
  }
}
