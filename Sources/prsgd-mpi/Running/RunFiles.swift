import Records
import Training

/// The files of one run, which rank 0 writes.
final class RunFiles {
  let folder: String
  let log: ConvergenceLog
  private let lock: RunLock

  /// Makes the run's folder, and writes `run.json` and the headers of the logs.
  /// - Parameter name: what a folder is named after where `output` does not name it.
  init(
    _ output: OutputOptions, name: String, manifest: RunManifest, columns: TheoryColumns, withIntervals: Bool
  ) throws {
    if let path = output.output {
      // A run that left no checkpoint is begun anew.
      lock = try RunFolder.prepare(path, overwriting: output.overwrite || output.checkpoints.resume != nil)
      folder = path
    } else {
      folder = try RunFolder.create(named: name)
      lock = try RunLock(folder)
    }
    try manifest.write(to: folder + "/run.json")
    log = try ConvergenceLog(folder: folder, columns: columns, withIntervals: withIntervals)
  }

  /// Goes on with the files of a run, from where a checkpoint found them.
  init(continuing folder: String, from position: ConvergenceLog.Position, columns: TheoryColumns) throws {
    self.folder = folder
    lock = try RunLock(folder)
    log = try ConvergenceLog(continuing: folder, from: position, columns: columns)
  }

  func write(_ manifest: RunManifest) throws { try manifest.write(to: folder + "/run.json") }

  /// Saves the model, and the manifest with its result.
  func finish(_ manifest: RunManifest, tensors: [PlacedTensor], metadata: [String: String]) throws {
    try SafeTensors.write(
      tensors.map(\.saved), metadata: metadata, to: folder + "/model.safetensors")
    try write(manifest)
  }
}
