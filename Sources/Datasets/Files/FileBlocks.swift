import Failures
import Glibc
import Kernels

/// The bytes of a file, a block at a time.
final class FileBlocks {
  let path: String
  /// Of the file; nil where it has none, such as a pipe.
  let size: Int?
  /// What of the block at hand is not taken yet.
  private(set) var rest: UnsafeMutableRawBufferPointer
  private let descriptor: Int32
  private let block = AlignedBuffer<UInt8>(count: 1 << 16)

  /// - Throws: `Failure(.inputOutput)` where it cannot be opened, or is a folder.
  init(path: String) throws {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(path: path, systemError: errno) }
    self.path = path
    rest = .init(start: block.pointer, count: 0)
    var information = stat()
    let code = fstat(descriptor, &information) == 0 ? 0 : errno
    let kind = information.st_mode & S_IFMT
    size = kind == S_IFREG ? Int(information.st_size) : nil
    guard code == 0, kind != S_IFDIR else { throw Failure(path: path, systemError: code == 0 ? EISDIR : code) }
  }

  deinit { close(descriptor) }

  /// Adds to `rest` until there are `count` bytes, far fewer than a block has, or the file ends.
  /// - Returns: whether there are as many.
  func fill(_ count: Int = 1) throws -> Bool {
    while rest.count < count {
      memmove(block.pointer, rest.baseAddress!, rest.count)
      let got = read(descriptor, block.pointer + rest.count, block.count - rest.count)
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw Failure(path: path, systemError: errno) }
      rest = .init(start: block.pointer, count: rest.count + got)
      if got == 0 { return false }
    }
    return true
  }

  /// Takes `count` bytes off the front of `rest`.
  func take(_ count: Int) { rest = .init(rebasing: rest[count...]) }
}

extension Failure {
  /// What the system answered when a path was used.
  init(path: String, systemError: Int32) {
    self.init(.inputOutput, "\(path): \(String(cString: strerror(systemError)))")
  }
}
