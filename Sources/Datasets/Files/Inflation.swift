import CZlib
import Failures

/// Decompresses gzip'ed bytes (RFC 1952): one member, or several one after another, and nothing else.
final class Inflation {
  private let source: FileBlocks
  /// zlib remembers where it is.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isEnded = false

  /// Whether a file is gzip'ed, by its first two bytes.
  static func isNeeded(_ source: FileBlocks) throws -> Bool {
    try source.fill(2) && source.rest[0] == 0x1f && source.rest[1] == 0x8b
  }

  /// - Parameter source: at its beginning.
  init(_ source: FileBlocks) throws {
    self.source = source
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 16: with the header and the end of gzip, which are checked.
    let status = inflateInit2_(stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw Failure(.internal, "\(source.path): out of memory") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Fills as much of `bytes` as there is left, and returns how much that was: 0 at a sound end.
  func read(into bytes: UnsafeMutableRawBufferPointer) throws -> Int {
    let room = UInt32(min(bytes.count, 1 << 30))
    stream.pointee.next_out = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = room
    while stream.pointee.avail_out == room, try begin() {
      guard try source.fill() else { throw damage("is cut short") }
      stream.pointee.next_in = source.rest.baseAddress!.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_in = UInt32(source.rest.count)
      let status = inflate(stream, Z_NO_FLUSH)
      source.take(source.rest.count - Int(stream.pointee.avail_in))
      switch status {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: isEnded = true
      case Z_MEM_ERROR: throw Failure(.internal, "\(source.path): out of memory")
      default: throw damage(stream.pointee.msg.map { "is damaged (\(String(cString: $0)))" } ?? "is damaged")
      }
    }
    return Int(room - stream.pointee.avail_out)
  }

  /// Goes to the next member where one has ended; false at the end of the file.
  private func begin() throws -> Bool {
    guard isEnded else { return true }
    guard try source.fill() else { return false }
    guard try Self.isNeeded(source) else { throw damage("is followed by something else, which should not be there") }
    inflateReset(stream)
    isEnded = false
    return true
  }

  private func damage(_ what: String) -> Failure { Failure(.badData, "\(source.path): its gzip'ed data \(what)") }
}
