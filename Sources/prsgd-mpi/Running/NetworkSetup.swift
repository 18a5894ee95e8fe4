import Datasets
import Models
import Training

/// A network with the memory that it works in, and its loss on shards.
enum NetworkSetup {
  /// What a network takes at once at most: activations stay this small however large a batch is.
  private static let largestPiece = (samples: 256, bytes: 64 << 20)

  /// What is evaluated at once where a whole batch is trained at once: fewer waste time, more gain none.
  private static let evaluationBatches = 32...256

  /// The network for samples of `format`, with memory for a batch, or for as large a piece of it as is of use.
  static func network(_ model: ModelOptions, _ format: SampleFormat, batchSize: Int) -> Network {
    let layers = model.layers(format.image, classes: format.classCount)
    let piece = piece(layers, positions: format.targetCount, batchSize: batchSize)
    let isWhole = layers.contains(where: \.needsWholeBatch)
    // Activations of a sequence take so much that a batch has no more of them than it needs.
    return Network(
      layers, positions: format.targetCount, maximumBatch: format.isSequence ? min(piece, batchSize) : piece,
      evaluationBatch: isWhole ? min(max(piece, evaluationBatches.lowerBound), evaluationBatches.upperBound) : piece)
  }

  /// How many samples a network takes at once.
  static func piece(_ layers: [any Layer], positions: Int = 1, batchSize: Int) -> Int {
    if layers.contains(where: \.needsWholeBatch) { return batchSize }
    let bytes = Network.activationBytes(layers, rows: positions)
    return max(1, min(largestPiece.samples, largestPiece.bytes / bytes))
  }

  /// A network's mean loss on shards.
  static func objective(
    _ network: Network, _ training: Shard, test: Shard?, batchSize: Int, _ step: StepOptions, worker: Int
  ) -> NetworkObjective {
    let sampler = BatchSampler(
      sampleCount: training.count, batchSize: batchSize, seed: step.seed, worker: worker)
    network.randomness = PassRandomness(seed: step.seed, worker: worker)
    let batches = BatchGatherer(
      shard: training, sampler: sampler, batchSize: batchSize, maximumRows: network.maximumBatch,
      augmentation: step.augmentation(worker: worker),
      leavesInPlace: network.takesScatteredRows || training.format.isSequence)
    return NetworkObjective(network: network, training: training, test: test, batches: batches)
  }
}
