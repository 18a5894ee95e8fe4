import Glibc

/// A folder for the files that parsers read, removed with this value.
public struct ScratchFolder: ~Copyable {
  public let path: String
  private let file: FilePaths

  /// - Parameter path: of the folder, which is made.
  public init(_ path: String) {
    self.path = path
    file = FilePaths()
    mkdir(path, 0o700)
  }

  deinit {
    for path in file.paths.sorted(by: >) { remove(path) }
    rmdir(path)
  }

  /// Makes a folder inside, and returns its path.
  func makeFolder(_ name: String) -> String {
    let path = "\(path)/\(name)"
    if file.paths.insert(path).inserted { mkdir(path, 0o700) }
    return path
  }

  /// Writes a file over the one that is there, and returns its path.
  func write(_ bytes: some Collection<UInt8>, to name: String) -> String {
    let path = "\(path)/\(name)"
    file.paths.insert(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot write \(path)")
    let bytes = Array(bytes)
    let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    // Some file systems bring a file that was emptied to disk before they go on.
    precondition(written == bytes.count && ftruncate(descriptor, bytes.count) == 0, "cannot write \(path)")
    close(descriptor)
    return path
  }
}

/// What lies in a folder.
private final class FilePaths {
  var paths: Set<String> = []
}
