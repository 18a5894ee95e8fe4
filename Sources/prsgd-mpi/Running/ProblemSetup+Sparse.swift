import Datasets
import MessagePassing
import Training

extension ProblemSetup {
  /// Vectors as long as the model that a worker has at most: model, momentum, gradient, their sums, the average model.
  private static let vectors = 7

  /// This rank's rows of both files.
  static func loadRows(
    _ files: LIBSVMFiles, _ experiment: Experiment, _ communicator: Communicator
  ) throws -> (training: SparseRows, test: SparseRows?) {
    let distribution = ShardDistribution(communicator)
    let training = try distribution.distributeRows(by: experiment.partition, seed: experiment.step.seed) {
      try LIBSVMReader.read(files.training)
    }
    // The highest index is the number of features, however few of them occur.
    try MemoryCheck.refuseTooMuch(
      "the weights of \(training.featureCount) features in \(files.training) for \(training.classCount) classes",
      bytes: Double(vectors * MemoryLayout<Float>.size) * Double(training.featureCount + 1)
        * Double(training.classCount),
      communicator)
    let test = try files.test.map { test in
      try distribution.distributeRowsEvenly { try LIBSVMReader.read(test, matching: training) }
    }
    return (training, test)
  }
}
