import ArgumentParser

/// The program; without a subcommand it trains.
struct PrsgdMPI: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prsgd-mpi",
    abstract: "Trains models by Parallel Restarted SGD: local SGD with periodic model averaging over MPI.",
    discussion: """
      Each MPI rank is a worker that runs SGD on its own shard of the data; the workers average their models every \
      --interval steps (Yu, Yang, Zhu, AAAI 2019). Start it with mpirun or srun:

        mpirun -np 8 prsgd-mpi
        mpirun -np 8 prsgd-mpi train --dataset fashion-mnist --interval 16 --epochs 10

      Without a subcommand it trains; without options it trains on a built-in synthetic problem.
      Exit codes: 0 done, 20 diverged, 64 wrong usage, 65 bad data, 70 internal error or a check that failed, 74 input or \
      output failed, 75 stopped after a checkpoint.
      """,
    version: ProgramVersion.text,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, GenerateCommand.self, VerifyCommand.self, AdviseCommand.self,
      BenchCommand.self, ReportCommand.self, ExportCommand.self, AlgorithmsCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)
}
