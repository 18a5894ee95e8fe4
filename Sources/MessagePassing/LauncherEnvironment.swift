import Glibc

/// What the launcher (`mpirun`, `srun`) says in the environment about this process, before MPI is started.
public struct LauncherEnvironment: Equatable, Sendable {
  public let rank: Int?
  public let size: Int?
  /// The launcher that set the variables.
  public let launcher: String?

  public init(_ variable: (String) -> String?) {
    // Slurm sets SLURM_NTASKS in a batch script too, where one process is no mistake; the step's own only in srun's tasks.
    let known = [
      ("mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
      ("mpiexec", "PMI_RANK", "PMI_SIZE"),
      ("srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    ]
    for (name, rankVariable, sizeVariable) in known {
      if let rank = variable(rankVariable).flatMap({ Int($0) }), let size = variable(sizeVariable).flatMap({ Int($0) })
      {
        (self.rank, self.size, launcher) = (rank, size, name)
        return
      }
    }
    (rank, size, launcher) = (nil, nil, nil)
  }

  /// The environment of this process.
  public static var current: LauncherEnvironment {
    LauncherEnvironment { getenv($0).map { String(cString: $0) } }
  }
}
