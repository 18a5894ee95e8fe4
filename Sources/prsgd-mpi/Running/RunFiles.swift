import Records
import Training

/// The files of one run, which rank 0 writes.
final class RunFiles {
  let folder: String
  let log: ConvergenceLog

  /// Makes the run's folder, and writes `run.json` and the headers of the logs.
  /// - Parameter name: what a folder is named after where `output` does not name it.
  init(
    _ output: OutputOptions, name: String, manifest: RunManifest, columns: TheoryColumns, withIntervals: Bool
  ) throws {
    if let path = output.output {
      try RunFolder.prepare(path, overwriting: output.overwrite)
      folder = path
    } else {
      folder = try RunFolder.create(named: name)
    }
    try manifest.write(to: folder + "/run.json")
    log = try ConvergenceLog(folder: folder, columns: columns, withIntervals: withIntervals)
  }

  /// Saves the model, and the manifest with its result.
  func finish(_ manifest: RunManifest, tensors: [PlacedTensor], description: ModelDescription?) throws {
    try SafeTensors.write(
      tensors.map(\.saved), metadata: description?.metadata ?? [:], to: folder + "/model.safetensors")
    try manifest.write(to: folder + "/run.json")
  }
}
