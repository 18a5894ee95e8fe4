import ArgumentParser
import Averaging
import Datasets
import Failures
import FoundationEssentials
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
      three colours. After a warm-up of two intervals the steps are \
      timed; the slowest rank counts.

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

  @Flag(help: "Print where the time goes: each layer, forward and backward, beside what a core can do.")
  var layers = false

  func validate() throws {
    guard steps > 0 else { throw ValidationError("--steps must be at least 1, not \(steps).") }
    guard samples > 0 else { throw ValidationError("--samples must be at least 1, not \(samples).") }
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
    if layers { return try timeLayers(communicator) }
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
    print(json ? try report.json() : PhaseTable.text(phases) + "\n\n" + report.text)
  }

  /// On every rank at once, as in training; rank 0 prints its own.
  private func timeLayers(_ communicator: Communicator) throws {
    let peak = PeakRate.measure(seconds: PhaseTimer.now)
    let count = if case .samples(let count) = step.batchSize { count } else { samples }
    let rows = min(count, ProblemSetup.piece(model.layers(model.benchImage, classes: 10), batchSize: count))
    let batch = RandomShard.make(model.benchImage, samples: rows, seed: step.seed, rank: communicator.rank)
    let network = Network(model.layers(batch.format.image, classes: batch.format.classCount), maximumBatch: rows)
    let input = Matrix(batch.row(0), rows: rows, columns: batch.format.featureCount, stride: batch.rowStride)
    let benchmark = LayerBenchmark(
      network, input: input, labels: Array(batch.labels.elements), seed: step.seed)
    let seconds = try benchmark.seconds(passes: min(steps, 50))
    guard communicator.isRoot else { return }
    print(LayerBenchmark.table(network.layers, rows: rows, seconds, peak: peak))
  }

  private func makeTrainer(_ communicator: Communicator) throws -> Trainer {
    let shard = RandomShard.make(
      model.benchImage, samples: samples, seed: step.seed, rank: communicator.rank)
    let batchSize = if case .samples(let count) = step.batchSize { count } else { samples }
    let layers = model.layers(shard.format.image, classes: shard.format.classCount)
    let network = Network(layers, maximumBatch: ProblemSetup.piece(layers, batchSize: batchSize))
    let objective = ProblemSetup.objective(
      network, shard, nil, batchSize, seed: step.seed, worker: communicator.rank,
      augmentation: step.augmentation(worker: communicator.rank))
    let (method, rate): (Method, Double) = try communicator.agree {
      let size = communicator.size
      let perShard = (samples + batchSize - 1) / batchSize
      let rate = try self.step.rate(workers: size, steps: steps, smoothness: nil)
      let facts = RunFacts(
        workers: size, steps: steps, stepsPerEpoch: perShard, stepsPerShard: Array(repeating: perShard, count: size),
        stepEpochs: Double(batchSize) / Double(samples), learningRate: rate,
        segments: objective.segments)
      let method = try self.method.method(facts, seed: step.seed, smoothness: nil)
      guard method.schedule.isUniform && !method.exchange.isAsynchronous else {
        throw Failure(.usage, "bench times equal steps: \(self.method.algorithm) is for train")
      }
      return (method, rate)
    }
    let optimizer = step.optimizer(learningRate: rate)
    let worker = try self.method.worker(
      for: method, parameterCount: network.parameterCount, optimizer: optimizer, communicator)
    network.initialize(worker.parameters, seed: step.seed)
    let configuration = Trainer.Configuration(method: method, optimizer: optimizer)
    return try Trainer(configuration, worker: worker, objective: objective, communicator: communicator)
  }
}

/// What `bench` measured.
struct BenchReport: Encodable {
  let model: String
  let ranks: Int
  /// Of one rank.
  let batchSize: Int
  let interval: Int
  let steps: Int
  /// Of the slowest rank.
  let seconds: Double
  /// Of all ranks together.
  let samplesPerSecond: Double
  /// Of each phase, mean over the ranks.
  let share: [String: Double]
  let blasKernel: String

  static func shares(_ seconds: [[Double]]) -> [String: Double] {
    let total = seconds.reduce(0) { $0 + $1.reduce(0, +) }
    return Dictionary(
      uniqueKeysWithValues: Phase.allCases.filter { $0 != .slowdown }.map { phase in
        ("\(phase)", seconds.reduce(0) { $0 + $1[phase.rawValue] } / total)
      })
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var text: String {
    "\(model), batch \(batchSize), interval \(interval), \(ranks) \(ranks == 1 ? "rank" : "ranks"): "
      + "\(Int(samplesPerSecond).formattedWithCommas) samples/s (\(steps) steps in "
      + "\(seconds.formatted(decimals: 3)) s)"
  }
}

/// Random images, the same work as real ones and nothing to learn.
enum RandomShard {
  static func make(_ image: ImageShape, samples: Int, seed: UInt64, rank: Int) -> Shard {
    let format = SampleFormat(
      channels: image.channels, height: image.height, width: image.width, classCount: 10, encoding: .float)
    let shard = Shard(capacity: samples, format: format)
    var random = RandomSource(seed: seed, purpose: .benchmark, index: rank)
    let sample = AlignedBuffer<Float>(count: format.featureCount)
    for _ in 0..<samples {
      // Uniform with the mean and deviation of standardised pixels: normal numbers would take longer than the measurement.
      for feature in 0..<sample.count { sample.pointer[feature] = (Float(random.nextWord()) * 0x1p-32 - 0.5) * 3.4641 }
      shard.append(sample.pointer, label: Int32(random.nextIndex(below: format.classCount)))
    }
    return shard
  }
}
