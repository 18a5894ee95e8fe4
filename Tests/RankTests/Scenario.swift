import Averaging
import Datasets
import Kernels
import MessagePassing
import Models
import Training

/// A small training problem, made the same way wherever it is needed.
struct Scenario {
  var problem = "training=210,test=30,features=12,classes=3"
  var model = ModelSpecification.multilayerPerceptron(hidden: [40, 33])
  /// Of networks of sequences.
  var dropout: Float = 0
  var method = Method.averageFirst(interval: 4, momentum: .average, overlapped: true)
  var optimizer = LocalOptimizer(learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3)
  /// nil: the whole shard.
  var batchSize: Int? = 8
  /// Of the network's pieces of a batch.
  var piece = 64
  var partition = Partition.iid
  var seed: UInt64 = 7
  var learningRate: LearningRate?
  var slowdown = 1.0
  var checksTheory = false
  var emulation: Emulation?
  var layout = Layout.oneNode

  /// One of each kind.
  static let models: [ModelSpecification] = [
    .logisticRegression, .multilayerPerceptron(hidden: [40, 33]), .longShortTermMemory(layers: 2, hidden: 5),
    .transformer(layers: 1, heads: 2, width: 8),
  ]

  func reader(_ part: DatasetPart) throws -> any DatasetReader {
    if model.takesSequences { return RandomText(samples: part == .training ? 210 : 30, part: part, seed: seed) }
    return try DatasetSpecification(parsing: "synthetic:\(problem)").open(part, seed: seed)
  }

  func shard(_ communicator: Communicator) throws -> Shard {
    try ShardDistribution(communicator).distribute(by: partition, seed: seed) { try reader(.training) }
  }

  func network(_ shard: Shard) -> Network {
    let layers = model.layers(input: shard.format.image, classes: shard.format.classCount, dropout: dropout)
    return Network(layers, positions: shard.format.targetCount, maximumBatch: piece)
  }

  func gatherer(_ shard: Shard, _ communicator: Communicator) -> BatchGatherer {
    let size = batchSize ?? shard.count
    let sampler = BatchSampler(sampleCount: shard.count, batchSize: size, seed: seed, worker: communicator.rank)
    return BatchGatherer(
      shard: shard, sampler: sampler, batchSize: size, maximumRows: piece,
      leavesInPlace: network(shard).takesScatteredRows || shard.format.isSequence)
  }

  func objective(_ shard: Shard, _ communicator: Communicator) -> NetworkObjective {
    let network = network(shard)
    network.randomness = PassRandomness(seed: seed, worker: communicator.rank)
    return NetworkObjective(network: network, training: shard, test: nil, batches: gatherer(shard, communicator))
  }

  func trainer(_ communicator: Communicator, shard given: Shard? = nil) throws -> Trainer {
    try trainer(objective(try given ?? shard(communicator), communicator), communicator)
  }

  func trainer(_ objective: any Objective, _ communicator: Communicator) throws -> Trainer {
    let (count, moments) = (objective.parameterCount, optimizer.moments)
    let worker =
      layout == .messages
      ? WorkerState(parameterCount: count, moments: moments, slots: method.slots)
      : try WorkerState.shared(
        parameterCount: count, moments: moments, slots: method.slots, by: communicator,
        node: layout == .oneNode ? nil : World.node(of: communicator, isShared: layout == .nodes))
    objective.initialize(worker.parameters, seed: seed)
    var configuration = Trainer.Configuration(method: method, optimizer: optimizer)
    configuration.learningRate = learningRate
    configuration.slowdown = slowdown
    configuration.checksTheory = checksTheory
    configuration.emulation = emulation
    return try Trainer(configuration, worker: worker, objective: objective, communicator: communicator)
  }

  /// Where the workers are: what they share, and what they send.
  enum Layout: CaseIterable {
    case oneNode, messages
    /// Nodes of two workers, or of three where there are many, and the last one's rest.
    case nodes
    /// Each on a node of its own.
    case separate
  }

  func with(_ change: (inout Scenario) -> Void) -> Scenario {
    var copy = self
    change(&copy)
    return copy
  }
}

extension ParameterVector {
  /// The numbers in Double.
  var doubles: [Double] { elements.map(Double.init) }

  /// The bits.
  var bits: [UInt32] { elements.map(\.bitPattern) }
}

/// ‖a − b‖ / ‖b‖.
func relativeDistance(_ a: [Double], _ b: [Double]) -> Double {
  let norm = b.reduce(0) { $0 + $1 * $1 }.squareRoot()
  let distance = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  return norm > 0 ? distance / norm : distance
}
