import Kernels
import MessagePassing
import Records

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
}
