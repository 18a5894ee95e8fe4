import Kernels
import MessagePassing
import Models
import Records
import Training

/// The files of one run, which rank 0 writes.
final class RunFiles {
  let folder: String
  let log: ConvergenceLog

  /// Makes the run's folder, and writes `run.json` and the headers of the logs.
  init(options: TrainCommand, manifest: RunManifest, columns: TheoryColumns, withIntervals: Bool) throws {
    if let output = options.output {
      try RunFolder.prepare(output, overwriting: options.overwrite)
      folder = output
    } else {
      let dataset = "\(options.dataset)".prefix { $0 != ":" }
      folder = try RunFolder.create(named: "\(options.method.algorithm.name)-\(dataset)")
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

extension RunManifest {
  init(options: [String: OptionValue], problem: Problem, hosts: [String]) {
    self.init(
      program: Program(
        name: "prsgd-mpi", version: ProgramVersion.number, revision: ProgramVersion.revision,
        march: ProgramVersion.march, vectorBits: VectorUnit.bits),
      machine: Machine(
        mpi: MPIRuntime.libraryVersion, blas: BLASLibrary.version, blasKernel: BLASLibrary.kernel,
        blasThreads: BLASLibrary.threads, processor: ProgramVersion.processor, ranks: hosts.count, hosts: hosts),
      started: RunFolder.timestamp("%Y-%m-%dT%H:%M:%S%z"), options: options, problem: problem)
  }
}

extension ProblemSetup {
  /// What is saved, under the names and in the layouts of PyTorch; parameters without names as one vector.
  func placedTensors(_ parameters: ParameterVector, _ statistics: ParameterVector) -> [PlacedTensor] {
    let tensors = tensors ?? [ParameterTensor(name: "x", shape: [parameters.count], offset: 0)]
    return PlacedTensor.list(tensors, parameters) + PlacedTensor.list(statisticTensors, statistics)
  }
}
