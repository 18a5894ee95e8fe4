import Failures
import Glibc

/// A file that is written front to back, each write reaching the operating system before it returns.
public final class OutputFile {
  public let path: String
  /// Bytes that it has.
  public private(set) var count = 0
  private let descriptor: Int32

  /// Creates the file, or empties the one that is there.
  /// - Throws: `Failure` with the path and the system's reason.
  public init(creating path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw Self.failure("cannot create", path) }
  }

  /// Opens the file to go on after its first `count` bytes; what follows them is cut off.
  /// - Throws: `Failure` with the path and the system's reason, `Failure(.badData)` where the file is shorter.
  public init(continuing path: String, after count: Int) throws {
    self.path = path
    self.count = count
    descriptor = open(path, O_WRONLY | O_CLOEXEC)
    if descriptor < 0 { throw Self.failure("cannot open", path) }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= count else {
      throw Failure(.badData, "\(path): has \(end) bytes, and had \(count) when the checkpoint was written")
    }
    guard ftruncate(descriptor, count) == 0, lseek(descriptor, count, SEEK_SET) == count else {
      throw Self.failure("cannot write", path)
    }
  }

  deinit { close(descriptor) }

  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    var written = 0
    while written < bytes.count {
      let result = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      if result < 0 && errno == EINTR { continue }
      // A device that is full may also take nothing and report nothing.
      guard result > 0 else { throw Self.failure("cannot write", path) }
      written += result
      count += result
    }
  }

  /// Returns when all that was written is on disk.
  public func synchronize() throws {
    // Pipes and the like have no disk.
    if fsync(descriptor) != 0 && errno != EINVAL { throw Self.failure("cannot write", path) }
  }

  /// Writes a whole file under a temporary name, and gives it its own once it is complete and on disk: a reader finds the
  /// old file or the new one, never a part.
  public static func replace(_ path: String, _ body: (OutputFile) throws -> Void) throws {
    let temporary = path + ".partial"
    do {
      let file = try OutputFile(creating: temporary)
      try body(file)
      try file.synchronize()
    } catch {
      unlink(temporary)
      throw error
    }
    if rename(temporary, path) != 0 {
      let reason = failure("cannot write", path)
      unlink(temporary)
      throw reason
    }
  }

  /// A failure of the system call just made, on `path`.
  public static func failure(_ what: String, _ path: String) -> Failure {
    Failure(.inputOutput, "\(what) \(path): \(String(cString: strerror(errno)))")
  }
}
