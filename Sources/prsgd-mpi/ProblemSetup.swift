import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// What one rank needs to train on a problem: its objective, and what is said of it.
struct ProblemSetup {
  /// Samples that a network takes at once at most: activations stay this small however large a batch is.
  static let largestPiece = 256

  let objective: any Objective
  /// What is trained, in a word or two.
  let model: String
  /// The parameters as they are saved; nil for a problem given by a formula, whose parameters have no names.
  let tensors: [ParameterTensor]?
  let features: Int
  let classes: Int

  init(_ options: TrainCommand, _ communicator: Communicator) throws {
    let seed = options.step.seed
    let (rank, size) = (communicator.rank, communicator.size)
    switch options.dataset {
    case .dataset(let dataset):
      let (training, test) = try Self.loadShards(dataset, options, communicator)
      let format = training.format
      let layers = options.model.specification.layers(inputs: format.featureCount, classes: format.classCount)
      let network = Network(layers, maximumBatch: Self.largestPiece)
      let batchSize = try Self.batchSize(options, shardSize: training.count, communicator)
      objective = Self.objective(
        network, training, test, batchSize, seed: seed, worker: rank,
        augmentation: options.step.augmentation(worker: rank))
      model = options.model.model.rawValue
      tensors = network.tensors
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

  /// A network's mean loss on shards.
  static func objective(
    _ network: Network, _ training: Shard, _ test: Shard?, _ batchSize: Int, seed: UInt64, worker: Int,
    augmentation: CropAndFlip? = nil
  ) -> NetworkObjective {
    let sampler = BatchSampler(sampleCount: training.count, batchSize: batchSize, seed: seed, worker: worker)
    let batches = BatchGatherer(
      shard: training, sampler: sampler, batchSize: batchSize, maximumRows: network.maximumBatch,
      augmentation: augmentation)
    return NetworkObjective(network: network, training: training, test: test, batches: batches)
  }

  private static func loadShards(
    _ dataset: DatasetSpecification, _ options: TrainCommand, _ communicator: Communicator
  ) throws -> (Shard, Shard) {
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
    try distribution.normalize(options.normalize, training: training, test: test)
    return (training, test)
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
