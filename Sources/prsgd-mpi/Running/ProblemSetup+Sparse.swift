import Datasets
import Failures
import Glibc
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
    try communicator.agree { try checkSize(training, of: files.training) }
    let test = try files.test.map { test in
      try distribution.distributeRowsEvenly { try LIBSVMReader.read(test, matching: training) }
    }
    return (training, test)
  }

  /// A short file may name a feature so high that no memory holds the weights.
  private static func checkSize(_ rows: SparseRows, of path: String) throws {
    let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    let parameters = (Double(rows.featureCount) + 1) * Double(rows.classCount)
    guard parameters * Double(vectors * MemoryLayout<Float>.size) <= memory else {
      throw Failure(
        .badData,
        "\(path): \(rows.featureCount) features (the highest index) for each of \(rows.classCount) classes are more "
          + "than this machine's memory holds")
    }
  }
}
