import Failures
import Glibc

/// Keeps other jobs from writing into the folder of a run, as long as it lives.
///
/// The system holds the lock (`flock`), not the file: of a job that died nothing is left that locks.
public final class RunLock {
  private let path: String
  private let descriptor: Int32

  /// - Throws: `Failure(.usage)` where another job has the folder, with its host and process.
  public init(_ folder: String) throws {
    path = folder + "/.lock"
    while true {
      let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard opened >= 0 else { throw OutputFile.failure("cannot create", path) }
      // Some network file systems know no locks: there each job is on its own.
      if flock(opened, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
        let owner = (try? WholeFile.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        close(opened)
        throw Failure(
          .usage, "another job\(owner.isEmpty ? "" : " (\(owner))") is writing to \(folder): choose another --output")
      }
      if Self.isStill(path, opened) {
        descriptor = opened
        break
      }
      // The one before has just ended, and removed the file.
      close(opened)
    }
    let text = "process \(getpid()) on \(Self.host)"
    ftruncate(descriptor, 0)
    _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  private static func isStill(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return stat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
  }

  private static var host: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      gethostname(buffer.baseAddress!, buffer.count) == 0 ? String(cString: buffer.baseAddress!) : "?"
    }
  }
}
