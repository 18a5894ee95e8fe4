import ArgumentParser
import Averaging
import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// `prsgd-mpi bench`.
struct BenchCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures the step loop alone, on random data resident in memory.",
    discussion: """
      Every rank has --samples random images in 10 classes, of 28x28 pixels, or for residual networks of 32x32 in \
      three colours; lstm and gpt have sequences over 65 characters, lstm with --clip-norm 5, gpt with adamw. \
      After a warm-up of two intervals the steps are timed; the slowest rank counts.

        mpirun -np 2 prsgd-mpi bench --model mlp --hidden 512,256 --batch-size 32 --interval 8 --steps 1000 --json
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Method") var method: MethodOptions
  @OptionGroup(title: "Local steps") var step: StepOptions

  @Option(help: ArgumentHelp("Steps that are timed.", valueName: "n"))
  var steps = 1000

  @Option(help: ArgumentHelp("Samples of each rank.", valueName: "n"))
  var samples = 60_000

  @Flag(help: "Print one line of JSON.")
  var json = false

  @Flag(help: "Print each layer's time, forward and backward, and its share of the core's peak.")
  var layerTimes = false

  func validate() throws {
    guard StepCount.range.contains(steps) else {
      throw ValidationError("--steps must be \(StepCount.text), not \(steps).")
    }
    guard (1...Int(Int32.max)).contains(samples) else {
      throw ValidationError("--samples must be 1 to \(Int32.max), not \(samples).")
    }
    // Workers that differ in their steps would not all end with the same round.
    if method.algorithm.name == "pr-sgd-het" {
      throw ValidationError("bench times equal steps: pr-sgd-het is for train.")
    }
    if case .samples(let count) = step.batchSize, count > samples {
      throw ValidationError("--batch-size \(count) is more than the \(samples) --samples.")
    }
  }

  mutating func run(on communicator: Communicator) throws {
    BLASLibrary.threads = step.blasThreads
    settleDefaults()
    if layerTimes { return try timeLayers(communicator) }
    let trainer = try makeTrainer(communicator)
    for _ in 0..<2 * (trainer.method.schedule.interval ?? 8) { try trainer.step() }
    try communicator.barrier()
    trainer.timer.reset()
    let start = PhaseTimer.now()
    for _ in 0..<steps { try trainer.step() }
    let seconds = try communicator.allReduce(PhaseTimer.now() - start, .maximum)
    try trainer.finish()
    try trainer.agreeOnStatus()
    let phases = try communicator.allGather(trainer.timer.seconds)
    guard communicator.isRoot else { return }
    let total = Double(steps * trainer.samplesPerStep)
    let report = BenchReport(
      model: model.model.rawValue, ranks: communicator.size, batchSize: trainer.objective.batchSize,
      interval: trainer.statistics.longestInterval, steps: steps, seconds: seconds,
      samplesPerSecond: total / seconds, share: BenchReport.shares(phases), blasKernel: BLASLibrary.kernel)
    StandardStream.output.write((json ? try report.json() : PhaseTable.text(phases) + "\n\n" + report.text) + "\n")
  }

  /// Networks of texts are timed with the steps that they are trained with, unless others are asked for.
  private mutating func settleDefaults() {
    switch model.model {
    case .longShortTermMemory where step.clipNorm == nil: step.clipNorm = 5
    case .transformer where step.chosenOptimizer == nil: step.chosenOptimizer = .adamw
    default: break
    }
  }

  /// On every rank at once, as in training; rank 0 prints its own.
  private func timeLayers(_ communicator: Communicator) throws {
    let peak = PeakRate.measure(seconds: PhaseTimer.now)
    let shard = RandomShard.make(model, samples: batchSize, seed: step.seed, rank: communicator.rank)
    let format = shard.format
    let layers = model.layers(format.image, classes: format.classCount)
    let piece = NetworkSetup.piece(layers, positions: format.targetCount, batchSize: batchSize)
    let samples = min(batchSize, piece)
    let network = Network(layers, positions: format.targetCount, maximumBatch: samples)
    let layout = BatchLayout(format, maximumSamples: samples)
    let batch = layout.batch(
      Matrix(shard.row(0), rows: samples, columns: format.featureCount, stride: shard.rowStride),
      labels: shard.labels.pointer)
    let benchmark = LayerBenchmark(network, batch, seed: step.seed)
    let seconds = try benchmark.seconds(passes: min(steps, 50))
    guard communicator.isRoot else { return }
    StandardStream.output.write(
      LayerBenchmark.table(network.layers, rows: batch.input.rows, seconds, peak: peak) + "\n")
  }

  private func makeTrainer(_ communicator: Communicator) throws -> Trainer {
    let shard = RandomShard.make(model, samples: samples, seed: step.seed, rank: communicator.rank)
    let network = NetworkSetup.network(model, shard.format, batchSize: batchSize)
    let objective = NetworkSetup.objective(
      network, shard, test: nil, batchSize: batchSize, step, worker: communicator.rank)
    let (method, rate) = try communicator.agree { try resolveMethod(objective, workers: communicator.size) }
    let optimizer = step.optimizer(learningRate: rate)
    let worker = try self.method.worker(
      for: method, parameterCount: network.parameterCount, optimizer: optimizer, communicator)
    network.initialize(worker.parameters, seed: step.seed)
    var configuration = Trainer.Configuration(method: method, optimizer: optimizer)
    configuration.clipNorm = step.clipNorm
    configuration.decaysMatricesOnly = step.decaysMatricesOnly(model)
    return try Trainer(configuration, worker: worker, objective: objective, communicator: communicator)
  }

  /// The method, and γ.
  private func resolveMethod(_ objective: any Objective, workers: Int) throws -> (Method, Double) {
    var run = MethodSettings()
    run.workers = workers
    run.steps = steps
    run.stepsPerEpoch = (samples + batchSize - 1) / batchSize
    run.stepsPerShard = Array(repeating: run.stepsPerEpoch, count: workers)
    run.seed = step.seed
    run.stepsAreProportional = step.optimizerName == .sgd
    run.segments = objective.segments
    run.learningRate = try step.rate(model, workers: workers, steps: steps, smoothness: nil)
    let method = try self.method.method(run)
    guard method.schedule.isUniform && !method.exchange.isAsynchronous else {
      throw Failure(.usage, "bench times equal steps: \(self.method.algorithm) is for train")
    }
    return (method, run.learningRate)
  }

  private var batchSize: Int { if case .samples(let count) = step.batchSize { count } else { samples } }
}
