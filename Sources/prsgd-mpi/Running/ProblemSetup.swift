import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// What one rank needs to train on a problem: its objective, and what is said of it.
struct ProblemSetup {
  let objective: any Objective
  /// What is trained, in a word or two.
  let model: String
  /// The parameters as they are saved; nil for a problem given by a formula, whose parameters have no names.
  let tensors: [ParameterTensor]?
  /// What is saved besides: the running statistics of batch normalisation.
  private(set) var statisticTensors: [ParameterTensor] = []
  /// Which kernels do a network's products.
  private(set) var kernels: String?
  /// What is saved with a model, so that it can be used again; empty for a problem given by a formula.
  private(set) var metadata: [String: String] = [:]
  /// What was made of a table's fields; on rank 0.
  private(set) var remarks: [String] = []
  let features: Int
  let classes: Int

  init(_ experiment: Experiment, _ communicator: Communicator) throws {
    let seed = experiment.step.seed
    let (rank, size) = (communicator.rank, communicator.size)
    switch experiment.dataset {
    case .dataset(let dataset):
      let (training, test, moments, table) = try Self.loadShards(dataset, experiment, communicator)
      let format = training.format
      let batchSize = try Self.batchSize(experiment, shardSize: training.count, communicator)
      let network = NetworkSetup.network(experiment.model, format, batchSize: batchSize)
      let mean = NetworkSetup.objective(
        network, training, test: test, batchSize: batchSize, experiment.step, worker: rank)
      mean.labelSmoothing = Float(experiment.recipe.labelSmoothing)
      objective = mean
      model = experiment.model.model.rawValue
      tensors = network.tensors
      statisticTensors = network.statisticTensors
      kernels = network.kernelSummary
      try communicator.agree { try Self.checkTheory(experiment.theory, network) }
      var description = ModelDescription(
        options: experiment.model.saved, format: format, normalization: experiment.normalization, moments: moments,
        vocabulary: training.vocabulary)
      description.columns = table?.columns
      metadata = description.metadata
      remarks = table?.remarks ?? []
      (features, classes) = (format.image.count, format.classCount)
    case .libsvm(let files):
      let (training, test) = try Self.loadRows(files, experiment, communicator)
      let batchSize = try Self.batchSize(experiment, shardSize: training.count, communicator)
      let sampler = BatchSampler(sampleCount: training.count, batchSize: batchSize, seed: seed, worker: rank)
      let logistic = SparseLogisticObjective(training: training, test: test, sampler: sampler)
      objective = logistic
      model = ModelName.logisticRegression.rawValue
      tensors = logistic.tensors
      metadata = SparseModelDescription(training).metadata
      (features, classes) = (training.featureCount, training.classCount)
    case .quadratic(let problem):
      objective = QuadraticObjective(problem, worker: rank, of: size, seed: seed)
      (model, tensors) = ("\(experiment.dataset)", nil)
      (features, classes) = (problem.dimension, 0)
    case .doubleWell(let problem):
      objective = DoubleWellObjective(problem, worker: rank, seed: seed)
      (model, tensors) = ("\(experiment.dataset)", nil)
      (features, classes) = (problem.dimension, 0)
    }
  }

  /// - Throws: `Failure(.usage)` where the theory speaks of what the network does not have.
  private static func checkTheory(_ options: TheoryOptions, _ network: Network) throws {
    guard options.logGradientNorm, network.layers.contains(where: \.needsWholeBatch) else { return }
    throw Failure(
      .usage,
      "--log-gradient-norm wants a loss that is a mean over samples: with batch normalisation a sample's loss depends on "
        + "its batch")
  }

  private static func loadShards(
    _ dataset: DatasetSpecification, _ experiment: Experiment, _ communicator: Communicator
  ) throws -> (training: Shard, test: Shard, ChannelMoments, table: CSVReader?) {
    let distribution = ShardDistribution(communicator)
    let (seed, context) = (experiment.step.seed, experiment.model.positions)
    var table: CSVReader?
    let training = try distribution.distribute(by: experiment.partition, seed: seed) {
      let reader = try dataset.open(.training, seed: seed, context: context)
      table = reader as? CSVReader
      return try reader.first(experiment.trainingSamples)
    }
    let test = try distribution.distributeEvenly {
      try dataset.open(.test, seed: seed, classCount: training.format.classCount, context: context)
    }
    try communicator.agree {
      guard test.format == training.format else {
        throw Failure(.badData, "\(dataset): the test samples are not of the training samples' shape")
      }
      let (format, model) = (training.format, experiment.model)
      guard model.fits(height: format.height, width: format.width) else {
        throw Failure(
          .usage,
          "--model \(model.model.rawValue) wants \(model.wantedImages), and the samples of \(dataset) have "
            + "\(format.height)x\(format.width)")
      }
      guard training.format.isImage || !experiment.step.augment else {
        throw Failure(.usage, "--augment wants images, and the samples of \(dataset) are none")
      }
    }
    return (
      training, test, try distribution.normalize(experiment.normalization, training: training, test: test), table
    )
  }

  private static func batchSize(
    _ experiment: Experiment, shardSize: Int, _ communicator: Communicator
  ) throws -> Int {
    switch experiment.step.batchSize {
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

  /// What is saved, under the names and in the layouts of PyTorch; parameters without names as one vector.
  func placedTensors(_ parameters: ParameterVector, _ statistics: ParameterVector) -> [PlacedTensor] {
    let tensors = tensors ?? [ParameterTensor(name: "x", shape: [parameters.count], offset: 0)]
    return PlacedTensor.list(tensors, parameters) + PlacedTensor.list(statisticTensors, statistics)
  }
}
