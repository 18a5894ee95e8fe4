import ArgumentParser
import MessagePassing

/// `prsgd-mpi train`.
struct TrainCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a model, each rank on its shard of the data (the default).",
    discussion: """
      Writes convergence.csv and workers.csv (a row per evaluation), run.json and model.safetensors to --output.

        mpirun -np 8 prsgd-mpi train --dataset fashion-mnist --model mlp --interval 8 --epochs 10
        mpirun -np 8 prsgd-mpi train --dataset fashion-mnist --algorithm psgd --output runs/psgd
        mpirun -np 8 prsgd-mpi train --config runs/psgd/run.json --seed 2
      """)

  @OptionGroup var experiment: Experiment
  @OptionGroup var output: OutputOptions

  func run(on communicator: Communicator) throws {
    var session = try TrainingSession(experiment, output, communicator)
    try session.run()
  }
}
