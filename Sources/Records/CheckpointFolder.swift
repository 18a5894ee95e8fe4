import Failures
import Glibc

/// A run's checkpoints: a folder each, "checkpoints/step-000000000500", with a part of every rank and a manifest.
///
/// A checkpoint is written under a temporary name and takes its own when all of it is on disk: one that has its name is
/// whole, at whatever moment the program was killed.
public struct CheckpointFolder: Sendable {
  /// How many are kept.
  static let kept = 2
  private static let prefix = "step-"
  private static let unfinished = ".partial"

  public let path: String

  /// - Parameter run: the run's folder.
  public init(of run: String) { path = run + "/checkpoints" }

  /// A checkpoint by its folder.
  public struct Checkpoint: Sendable {
    public let path: String

    public func part(of rank: Int) -> String { path + "/rank-" + String(rank).padded("0", to: 4) }

    /// What another number of ranks can go on from.
    public var mean: String { path + "/mean" }

    var manifestPath: String { path + "/manifest.json" }

    public func manifest() throws -> CheckpointManifest { try CheckpointManifest(reading: manifestPath) }
  }

  /// Those that are whole, the newest first.
  public var checkpoints: [Checkpoint] {
    names { !$0.hasSuffix(Self.unfinished) }.map { Checkpoint(path: path + "/" + $0) }
  }

  /// Makes the folder that a checkpoint is written into.
  /// - Throws: `Failure(.inputOutput)`.
  public func begin(step: Int) throws {
    removeUnfinished()
    let made = unfinished(step: step)
    for folder in [path, made.path] where mkdir(folder, 0o777) != 0 && errno != EEXIST {
      throw OutputFile.failure("cannot make the folder", folder)
    }
  }

  /// Where a checkpoint is written.
  public func unfinished(step: Int) -> Checkpoint {
    Checkpoint(path: path + "/" + Self.prefix + String(step).padded("0", to: 12) + Self.unfinished)
  }

  /// Gives a checkpoint whose parts are on disk its manifest and its name, and removes those that are too old.
  /// - Throws: `Failure(.inputOutput)`; what was there before is still there then.
  public func complete(_ checkpoint: Checkpoint, _ manifest: CheckpointManifest) throws {
    let text = try manifest.text
    try OutputFile.replace(checkpoint.manifestPath) { try $0.write(text) }
    try Self.synchronize(checkpoint.path)
    let final = String(checkpoint.path.dropLast(Self.unfinished.count))
    // A run that went on from before it writes the same once more.
    Self.remove(final)
    guard rename(checkpoint.path, final) == 0 else { throw OutputFile.failure("cannot write", final) }
    try Self.synchronize(path)
    for old in checkpoints.dropFirst(Self.kept) { Self.remove(old.path) }
  }

  /// Removes what was begun and will not be completed.
  public func removeUnfinished() {
    for name in names({ $0.hasSuffix(Self.unfinished) }) { Self.remove(path + "/" + name) }
  }

  /// Removes all checkpoints: of a run that is begun anew.
  public func removeAll() {
    for name in names({ _ in true }) { Self.remove(path + "/" + name) }
    rmdir(path)
  }

  private func names(_ isWanted: (String) -> Bool) -> [String] {
    Self.entries(of: path).filter { $0.hasPrefix(Self.prefix) && isWanted($0) }.sorted(by: >)
  }

  private static func entries(of folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private static func remove(_ folder: String) {
    for name in entries(of: folder) { unlink(folder + "/" + name) }
    rmdir(folder)
  }

  /// Returns when the names in a folder are on disk.
  private static func synchronize(_ folder: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputFile.failure("cannot open", folder) }
    defer { close(descriptor) }
    // Some network file systems have nothing to do here, and say so.
    if fsync(descriptor) != 0 && errno != EINVAL { throw OutputFile.failure("cannot write", folder) }
  }
}

extension String {
  fileprivate func padded(_ character: Character, to length: Int) -> String {
    String(repeating: character, count: max(0, length - count)) + self
  }
}
