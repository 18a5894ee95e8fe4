import Failures
import Glibc

/// The folder that a run's files go into.
public enum RunFolder {
  /// The model of the evaluation with the best test accuracy.
  public static let bestModel = "best.safetensors"

  /// The files that make a folder one of a run.
  static let files = ["run.json", "convergence.csv", "workers.csv", "intervals.csv", "model.safetensors", bestModel]

  /// Makes the folder, parents included; refuses one that already holds a run unless `overwriting`, where that run's
  /// files are removed and all others kept.
  /// - Returns: what keeps other jobs out.
  /// - Throws: `Failure`.
  @discardableResult
  public static func prepare(_ path: String, overwriting: Bool) throws -> RunLock {
    try makeFolders(path)
    let lock = try RunLock(path)
    let present = files.filter { holds($0, path) }
    guard !present.isEmpty else { return lock }
    guard overwriting else {
      throw Failure(
        .usage, "\(path) already holds a run (\(present[0])): choose another --output, or add --overwrite")
    }
    CheckpointFolder(of: path).removeAll()
    for file in present where unlink(path + "/" + file) != 0 {
      throw OutputFile.failure("cannot remove", path + "/" + file)
    }
    return lock
  }

  /// Whether the folder holds a run.
  public static func holdsRun(_ path: String) -> Bool { holds("run.json", path) }

  /// Whether the folder holds one of a run's files.
  public static func holds(_ file: String, _ path: String) -> Bool { access(path + "/" + file, F_OK) == 0 }

  /// Makes a new folder "runs/DATE-TIME-NAME", numbered where that exists.
  public static func create(named name: String, in parent: String = "runs") throws -> String {
    try makeFolders(parent)
    let base = parent + "/" + timestamp("%Y%m%d-%H%M%S") + "-" + name
    for attempt in 1...1000 {
      let path = attempt == 1 ? base : "\(base)-\(attempt)"
      if mkdir(path, 0o777) == 0 { return path }
      if errno != EEXIST { throw OutputFile.failure("cannot make the folder", path) }
    }
    throw Failure(.inputOutput, "cannot make a new folder like \(base)")
  }

  /// The local time now, as `strftime` writes it.
  public static func timestamp(_ format: String) -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 100) { buffer in
      strftime(buffer.baseAddress!, buffer.count, format, &parts)
      return String(cString: buffer.baseAddress!)
    }
  }

  /// Makes a folder and its parents, unless they are there.
  /// - Throws: `Failure` naming what is in the way.
  public static func makeFolders(_ path: String) throws {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += part + "/"
      if mkdir(prefix, 0o777) != 0 && errno != EEXIST { throw OutputFile.failure("cannot make the folder", prefix) }
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw OutputFile.failure("cannot use", path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(.inputOutput, "cannot use \(path): it is not a folder")
    }
  }
}
