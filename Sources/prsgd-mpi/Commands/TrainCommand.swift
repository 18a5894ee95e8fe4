import ArgumentParser
import MessagePassing
import Records

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
        mpirun -np 8 prsgd-mpi train --resume runs/psgd
      """)

  @OptionGroup var experiment: Experiment
  @OptionGroup var output: OutputOptions

  func run(on communicator: Communicator) throws {
    let isFinished = try communicator.agree {
      try output.checkpoints.resume.map {
        RunFolder.holdsRun($0) ? try RunManifest.ending(of: $0 + "/run.json") == RunManifest.finished : false
      } ?? false
    }
    if isFinished {
      if communicator.isRoot {
        StandardStream.output.write("\(output.output!) is finished: there is nothing to go on with\n")
      }
      return
    }
    var session = try TrainingSession(experiment, output, communicator)
    try session.run()
  }
}
