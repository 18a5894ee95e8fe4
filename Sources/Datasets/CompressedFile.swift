import CZlib
import Failures
import Glibc

/// A file that is read front to back, and decompressed on the way if it is gzip'ed.
///
/// Its failures name the path: `.inputOutput` where the system refuses, `.badData` where the content is damaged.
final class CompressedFile {
  let path: String
  /// How many bytes were read so far, counted after decompression.
  private(set) var offset = 0
  /// No more bytes than these can be in the file, counted after decompression.
  let largestSize: Int
  private let handle: gzFile

  /// Deflate spends at least two bits on a match, and a match is at most 258 bytes long.
  private static let largestRatio = 1032

  init(path: String) throws {
    var information = stat()
    guard stat(path, &information) == 0 else { throw Failure(path: path, systemError: errno) }
    let kind = information.st_mode & S_IFMT
    guard kind != S_IFDIR else { throw Failure(path: path, systemError: EISDIR) }
    guard let handle = gzopen(path, "rbe") else { throw Failure(path: path, systemError: errno) }
    self.path = path
    self.handle = handle
    // The size of a pipe is not known.
    let size = kind == S_IFREG ? Int(information.st_size) : Int.max
    largestSize = gzdirect(handle) == 1 ? size : size.multipliedOrLargest(by: Self.largestRatio)
  }

  deinit { gzclose_r(handle) }

  /// Fills all of `bytes`.
  func read(into bytes: UnsafeMutableRawBufferPointer) throws {
    var filled = 0
    while filled < bytes.count {
      let got = gzread(handle, bytes.baseAddress! + filled, UInt32(min(bytes.count - filled, 1 << 30)))
      guard got > 0 else {
        throw damage() ?? badData("ends at byte \(offset), where \(bytes.count - filled) more were promised")
      }
      filled += Int(got)
      offset += Int(got)
    }
  }

  /// Fills as much of `bytes` as there is left in the file, and returns how much that was: 0 at a sound end.
  func readSome(into bytes: UnsafeMutableRawBufferPointer) throws -> Int {
    let got = gzread(handle, bytes.baseAddress!, UInt32(min(bytes.count, 1 << 30)))
    guard got > 0 else {
      if let damage = damage() { throw damage }
      return 0
    }
    offset += Int(got)
    return Int(got)
  }

  /// Checks that nothing follows what was read, and that a gzip'ed file's own end (length and checksum) is right.
  func expectEnd() throws {
    var extra: UInt8 = 0
    let got = gzread(handle, &extra, 1)
    if let damage = damage() { throw damage }
    guard got == 0 else { throw badData("goes on after byte \(offset), where it should end") }
  }

  func badData(_ what: String) -> Failure { Failure(.badData, "\(path): \(what)") }

  /// What zlib has to say against the file, if anything; its messages begin with the path.
  private func damage() -> Failure? {
    var status: Int32 = 0
    let message = String(cString: gzerror(handle, &status))
    switch status {
    case Z_OK, Z_STREAM_END: return nil
    case Z_ERRNO: return Failure(.inputOutput, message)
    case Z_MEM_ERROR: return Failure(.internal, "\(path): out of memory")
    default: return Failure(.badData, "\(message) (in the compressed data, after byte \(offset) of the content)")
    }
  }
}

extension Failure {
  /// What the system answered when a path was used.
  init(path: String, systemError: Int32) {
    self.init(.inputOutput, "\(path): \(String(cString: strerror(systemError)))")
  }
}

extension Int {
  fileprivate func multipliedOrLargest(by factor: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}
