import Averaging
import CHost
import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// One `train` from its options to its last file: prologue, loop, epilogue.
struct TrainingSession {
  /// Samples that a network takes at once at most: activations stay this small however large a batch is.
  static let largestPiece = 256

  private let options: TrainCommand
  private let communicator: Communicator
  private let progress: ProgressReport
  private let training: Shard
  private let test: Shard
  private let network: Network
  private let course: TrainingRun
  private let length: RunLength
  /// On rank 0.
  private var files: RunFiles?
  private var manifest: RunManifest
  private var lastRow = ConvergenceRow()

  /// Reads the data, divides them, and makes everything that training needs.
  init(options: TrainCommand, communicator: Communicator) throws {
    self.options = options
    self.communicator = communicator
    progress = ProgressReport(isQuiet: options.quiet || !communicator.isRoot)
    (training, test) = try Self.loadShards(options, communicator)
    let format = training.format
    let batchSize = try Self.batchSize(options, shard: training, communicator)
    let layers = options.model.specification.layers(inputs: format.featureCount, classes: format.classCount)
    network = Network(layers, maximumBatch: Self.largestPiece)
    let trainer = Self.makeTrainer(options, network, training, batchSize, communicator)
    course = try TrainingRun(
      trainer: trainer, evaluator: Evaluator(network: network, communicator: communicator), training: training,
      test: test, communicator: communicator)
    let shards = try communicator.allGather([Int64(training.count)]).map { Int($0[0]) }
    let samples = shards.reduce(0, +)
    let perEpoch: Int =
      switch options.step.batchSize {
      case .full: 1
      case .samples(let size):
        RunLength.stepsPerEpoch(samples: samples, workers: communicator.size, batchSize: size)
      }
    let steps = options.steps ?? max(1, Int((options.resolvedEpochs * Double(perEpoch)).rounded(.up)))
    length = RunLength(steps: steps, evaluationInterval: options.evaluateEvery ?? perEpoch)
    let problem = RunManifest.Problem(
      trainingSamples: samples, testSamples: try Int(communicator.allReduce(Int64(test.count), .sum)),
      features: format.featureCount, classes: format.classCount, parameters: network.parameterCount, steps: steps,
      stepsPerEpoch: perEpoch, shards: shards)
    manifest = RunManifest(
      options: options.recorded, problem: problem, hosts: try communicator.allGather(MPIRuntime.processorName))
    files = try communicator.agree { [manifest] in
      communicator.isRoot ? try RunFiles(options: options, manifest: manifest) : nil
    }
  }

  mutating func run() throws {
    announce()
    let shown = ProgressLine(
      length: length, batchSizes: course.batchSizes, stepsPerEpoch: manifest.problem.stepsPerEpoch)
    try course.run(
      length,
      eachStep: { trainer in
        progress.show(at: trainer.timer.since) { shown.text(trainer, lastRow) }
      },
      report: { row, workers in
        lastRow = row
        try communicator.agree { try files?.log.append(row, workers: workers) }
        progress.say(shown.text(row))
      })
    try finish()
  }

  private mutating func finish() throws {
    manifest.result = RunManifest.Result(lastRow)
    let average = course.evaluator.average
    try communicator.agree { try files?.finish(manifest, tensors: network.savedTensors(average)) }
    let seconds = try communicator.allGather(course.trainer.timer.seconds)
    progress.say("\n" + PhaseTable.text(seconds) + "\n")
    progress.say(ProgressLine.result(lastRow, folder: files?.folder ?? ""))
  }

  private func announce() {
    let problem = manifest.problem
    for warning in ResourceCheck.warnings(hosts: manifest.machine.hosts, threads: options.step.blasThreads) {
      progress.say("note: \(warning)")
    }
    progress.say(
      "\(options.dataset): \(problem.trainingSamples.formattedWithCommas) training and "
        + "\(problem.testSamples.formattedWithCommas) test samples, \(problem.features) features, "
        + "\(problem.classes) classes")
    progress.say(
      "\(options.model.model.rawValue): \(problem.parameters.formattedWithCommas) parameters; "
        + "\(options.method.algorithm.rawValue) on \(communicator.size) \(communicator.size == 1 ? "rank" : "ranks"), "
        + "interval \(course.trainer.method.schedule.longestInterval), \(length.steps.formattedWithCommas) steps; "
        + "\(BLASLibrary.version) (\(BLASLibrary.kernel))")
    progress.say("writing to \(files?.folder ?? "")")
  }

  private static func loadShards(_ options: TrainCommand, _ communicator: Communicator) throws -> (Shard, Shard) {
    let distribution = ShardDistribution(communicator)
    let seed = options.step.seed
    let training = try distribution.distribute(by: options.partition, seed: seed) {
      try options.dataset.open(.training, seed: seed)
    }
    let test = try distribution.distributeEvenly {
      try options.dataset.open(.test, seed: seed, classCount: training.format.classCount)
    }
    try communicator.agree {
      guard test.format == training.format else {
        throw Failure(.badData, "\(options.dataset): the test samples are not of the training samples' shape")
      }
    }
    try distribution.normalize(options.normalize, training: training, test: test)
    return (training, test)
  }

  private static func batchSize(_ options: TrainCommand, shard: Shard, _ communicator: Communicator) throws -> Int {
    switch options.step.batchSize {
    case .full: return shard.count
    case .samples(let count):
      return try communicator.agree {
        guard count <= shard.count else {
          throw Failure(
            .usage,
            "--batch-size \(count) is more than the \(shard.count) samples of this rank's shard: "
              + "use fewer ranks, a smaller batch, or --batch-size full")
        }
        return count
      }
    }
  }

  private static func makeTrainer(
    _ options: TrainCommand, _ network: Network, _ shard: Shard, _ batchSize: Int, _ communicator: Communicator
  ) -> Trainer {
    let step = options.step
    let worker = WorkerState(parameterCount: network.parameterCount, hasMomentum: step.momentum != 0)
    network.initialize(worker.parameters, seed: step.seed)
    let sampler = BatchSampler(
      sampleCount: shard.count, batchSize: batchSize, seed: step.seed, worker: communicator.rank)
    return Trainer(
      method: options.method.method(momentum: step.momentum), optimizer: step.optimizer, worker: worker,
      network: network,
      batches: BatchGatherer(shard: shard, sampler: sampler, batchSize: batchSize, maximumRows: largestPiece),
      communicator: communicator)
  }
}
