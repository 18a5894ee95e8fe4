import Kernels
import MessagePassing
import Records
import Training

extension RunManifest {
  /// What this program, in this build, runs on these hosts, from now on.
  /// - Parameter hosts: of each rank, by rank.
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

  /// Whatever the bits of the run depend on, by name.
  func conditions(_ setup: ProblemSetup, _ trainer: Trainer) -> [String: String] {
    var conditions = Dictionary(uniqueKeysWithValues: options.map { ("--\($0.key)", "\($0.value)") })
    conditions["prsgd-mpi"] = program.version
    conditions["bits of a vector"] = "\(program.vectorBits)"
    conditions["MPI"] = machine.mpi
    conditions["BLAS"] = machine.blas
    conditions["BLAS kernel"] = machine.blasKernel
    conditions["ranks"] = "\(machine.ranks)"
    conditions["averages"] = machine.ranks > 1 ? trainer.averager.medium.rawValue : nil
    conditions["products"] = setup.kernels
    conditions["training samples"] = "\(problem.trainingSamples)"
    conditions["parameters"] = "\(problem.parameters)"
    return conditions
  }
}
