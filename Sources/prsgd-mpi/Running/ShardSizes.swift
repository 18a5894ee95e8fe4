import MessagePassing
import Training

/// How the training samples are divided among the workers, and what follows for their steps.
struct ShardSizes {
  /// Of each worker.
  let samples: [Int]
  let batchSizes: [Int]

  /// - Parameter objective: this worker's.
  init(of objective: any Objective, _ communicator: Communicator) throws {
    let counts = try communicator.allGather([Int64(objective.sampleCount), Int64(objective.batchSize)])
    samples = counts.map { Int($0[0]) }
    batchSizes = counts.map { Int($0[1]) }
  }

  var sum: Int { samples.reduce(0, +) }

  /// Samples in one step of all workers.
  private var perStep: Int { batchSizes.reduce(0, +) }

  /// Steps in which all workers together use as many samples as there are.
  var stepsPerEpoch: Int { max(1, (sum + perStep - 1) / perStep) }

  /// Steps of a pass over each worker's own shard.
  var stepsPerShard: [Int] { zip(samples, batchSizes).map { ($0 + $1 - 1) / $1 } }

  /// Epochs of one step of all workers.
  var stepEpochs: Double { Double(perStep) / Double(sum) }
}
