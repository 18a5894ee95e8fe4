import Failures
import Glibc
import Kernels

/// A file that is read at once.
enum WholeFile {
  /// - Throws: `Failure` with the path and the system's reason, or where it is larger than memory.
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputFile.failure("cannot read", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw OutputFile.failure("cannot read", path) }
    let (size, available) = (Int(status.st_size), AvailableMemory.bytes)
    guard size <= available else {
      throw Failure(
        .internal, "\(path): has \(size.formattedAsBytes), and \(available.formattedAsBytes) of memory can be had")
    }
    return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < buffer.count {
        let result = Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count)
        if result < 0 && errno == EINTR { continue }
        guard result >= 0 else { throw OutputFile.failure("cannot read", path) }
        // Shorter than it was a moment ago.
        if result == 0 { break }
        count += result
      }
    }
  }
}
