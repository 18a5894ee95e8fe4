import Averaging
import Datasets
import Kernels
import MessagePassing
import Models

/// How good a model is on a data set.
public struct Score: Equatable, Sendable {
  /// Mean cross-entropy in nats.
  public let loss: Double
  /// The share of samples predicted right.
  public let accuracy: Double
}

/// Evaluates the average model, all workers together: each on its own part of the data.
public final class Evaluator {
  /// x̄, as of the last `averageModels`.
  public let average: ParameterVector

  private let network: Network
  private let communicator: Communicator

  public init(network: Network, communicator: Communicator) {
    self.network = network
    self.communicator = communicator
    average = ParameterVector(count: network.parameterCount)
  }

  /// average ← x̄ = (1/N) Σ x_i; the workers' models stay as they are.
  public func averageModels(_ worker: WorkerState, replicasAreEqual: Bool) throws {
    average.copy(from: worker.parameters)
    // The sum of N equal numbers, divided by N, need not be that number.
    if replicasAreEqual { return }
    try communicator.allReduce(average.elements, .sum)
    average.scale(by: 1 / Float(communicator.size))
  }

  /// Score of the average model on the union of all ranks' shards; nil where they are empty.
  public func score(_ shard: Shard) throws -> Score? {
    var total = BatchScore()
    for start in stride(from: 0, to: shard.count, by: network.maximumBatch) {
      let rows = min(network.maximumBatch, shard.count - start)
      let input = Matrix(
        shard.row(start), rows: rows, columns: shard.format.featureCount, stride: shard.rowStride)
      total += try network.evaluate(average, input, labels: shard.labels.pointer + start)
    }
    let sums = try communicator.allReduce([total.loss, Double(total.correct), Double(shard.count)], .sum)
    return sums[2] > 0 ? Score(loss: sums[0] / sums[2], accuracy: sums[1] / sums[2]) : nil
  }
}
