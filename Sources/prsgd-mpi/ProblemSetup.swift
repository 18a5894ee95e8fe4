import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// What one rank needs to train on a problem: its objective, and what is said of it.
struct ProblemSetup {
  /// What a network takes at once at most: activations stay this small however large a batch is.
  private static let largestPiece = (samples: 256, bytes: 64 << 20)

  let objective: any Objective
  /// What is trained, in a word or two.
  let model: String
  /// The parameters as they are saved; nil for a problem given by a formula, whose parameters have no names.
  let tensors: [ParameterTensor]?
  /// What is saved besides: the running statistics of batch normalisation.
  private(set) var statisticTensors: [ParameterTensor] = []
  /// Which kernels do a network's products.
  private(set) var kernels: String?
  /// What is saved with a network, so that it can be used again.
  var description: ModelDescription?
  let features: Int
  let classes: Int

  init(_ options: TrainCommand, _ communicator: Communicator) throws {
    let seed = options.step.seed
    let (rank, size) = (communicator.rank, communicator.size)
    switch options.dataset {
    case .dataset(let dataset):
      let (training, test, moments) = try Self.loadShards(dataset, options, communicator)
      let format = training.format
      let batchSize = try Self.batchSize(options, shardSize: training.count, communicator)
      let network = Self.network(options.model, format, batchSize: batchSize)
      let mean = Self.objective(
        network, training, test, batchSize, seed: seed, worker: rank,
        augmentation: options.step.augmentation(worker: rank))
      mean.labelSmoothing = Float(options.recipe.labelSmoothing)
      objective = mean
      model = options.model.model.rawValue
      tensors = network.tensors
      statisticTensors = network.statisticTensors
      kernels = network.kernelSummary
      try communicator.agree { try Self.checkTheory(options.theory, network) }
      description = ModelDescription(
        options: options.model.saved, format: format, normalization: options.normalize, moments: moments)
      (features, classes) = (format.featureCount, format.classCount)
    case .libsvm(let files):
      let (training, test) = try Self.loadRows(files, options, communicator)
      let batchSize = try Self.batchSize(options, shardSize: training.count, communicator)
      let sampler = BatchSampler(sampleCount: training.count, batchSize: batchSize, seed: seed, worker: rank)
      let logistic = SparseLogisticObjective(training: training, test: test, sampler: sampler)
      objective = logistic
      model = ModelName.logisticRegression.rawValue
      tensors = logistic.tensors
      (features, classes) = (training.featureCount, training.classCount)
    case .quadratic(let problem):
      objective = QuadraticObjective(problem, worker: rank, of: size, seed: seed)
      (model, tensors) = ("\(options.dataset)", nil)
      (features, classes) = (problem.dimension, 0)
    case .doubleWell(let problem):
      objective = DoubleWellObjective(problem, worker: rank, seed: seed)
      (model, tensors) = ("\(options.dataset)", nil)
      (features, classes) = (problem.dimension, 0)
    }
  }

  /// The network for samples of `format`, with memory for a batch, or for as large a piece of it as is of use.
  static func network(_ model: ModelOptions, _ format: SampleFormat, batchSize: Int) -> Network {
    let layers = model.layers(format.image, classes: format.classCount)
    return Network(layers, maximumBatch: piece(layers, batchSize: batchSize))
  }

  /// How many samples a network takes at once.
  static func piece(_ layers: [any Layer], batchSize: Int) -> Int {
    if layers.contains(where: \.needsWholeBatch) { return batchSize }
    let bytes = Network.activationBytes(layers, maximumBatch: 1)
    return max(1, min(largestPiece.samples, largestPiece.bytes / bytes))
  }

  /// - Throws: `Failure(.usage)` where the theory speaks of what the network does not have.
  private static func checkTheory(_ options: TheoryOptions, _ network: Network) throws {
    guard options.logGradientNorm, network.layers.contains(where: \.needsWholeBatch) else { return }
    throw Failure(
      .usage,
      "--log-gradient-norm wants a loss that is a mean over samples: with batch normalisation a sample's loss depends on "
        + "its batch")
  }

  /// A network's mean loss on shards.
  static func objective(
    _ network: Network, _ training: Shard, _ test: Shard?, _ batchSize: Int, seed: UInt64, worker: Int,
    augmentation: CropAndFlip? = nil
  ) -> NetworkObjective {
    let sampler = BatchSampler(sampleCount: training.count, batchSize: batchSize, seed: seed, worker: worker)
    let batches = BatchGatherer(
      shard: training, sampler: sampler, batchSize: batchSize, maximumRows: network.maximumBatch,
      augmentation: augmentation, leavesInPlace: network.takesScatteredRows)
    return NetworkObjective(network: network, training: training, test: test, batches: batches)
  }

  private static func loadShards(
    _ dataset: DatasetSpecification, _ options: TrainCommand, _ communicator: Communicator
  ) throws -> (Shard, Shard, ChannelMoments) {
    let distribution = ShardDistribution(communicator)
    let seed = options.step.seed
    let training = try distribution.distribute(by: options.partition, seed: seed) {
      try dataset.open(.training, seed: seed)
    }
    let test = try distribution.distributeEvenly {
      try dataset.open(.test, seed: seed, classCount: training.format.classCount)
    }
    try communicator.agree {
      guard test.format == training.format else {
        throw Failure(.badData, "\(dataset): the test samples are not of the training samples' shape")
      }
      guard training.format.isImage || !options.step.augment else {
        throw Failure(.usage, "--augment wants images, and the samples of \(dataset) are none")
      }
    }
    return (training, test, try distribution.normalize(options.normalize, training: training, test: test))
  }

  private static func batchSize(
    _ options: TrainCommand, shardSize: Int, _ communicator: Communicator
  ) throws -> Int {
    switch options.step.batchSize {
    case .full: return shardSize
    case .samples(let count):
      return try communicator.agree {
        guard count <= shardSize else {
          throw Failure(
            .usage,
            "--batch-size \(count) is more than the \(shardSize) samples of this rank's shard: "
              + "use fewer ranks, a smaller batch, or --batch-size full")
        }
        return count
      }
    }
  }
}
