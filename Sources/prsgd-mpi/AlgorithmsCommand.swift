import ArgumentParser
import Records

/// `prsgd-mpi algorithms`.
struct AlgorithmsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "algorithms", abstract: "Lists the algorithms, each with its source.")

  func run() {
    for algorithm in Algorithm.allCases {
      StandardStream.output.write(
        algorithm.rawValue.padded(to: 12, leading: true) + algorithm.summary + "\n")
    }
  }
}
