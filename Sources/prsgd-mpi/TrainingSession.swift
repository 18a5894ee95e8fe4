import Averaging
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// One `train` from its options to its last file: prologue, loop, epilogue.
struct TrainingSession {
  private let options: TrainCommand
  private let communicator: Communicator
  private let progress: ProgressReport
  private let setup: ProblemSetup
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
    setup = try ProblemSetup(options, communicator)
    let counts = try communicator.allGather([Int64(setup.objective.sampleCount), Int64(setup.objective.batchSize)])
    let shards = counts.map { Int($0[0]) }
    let perStep = counts.reduce(0) { $0 + Int($1[1]) }
    let perEpoch = max(1, (shards.reduce(0, +) + perStep - 1) / perStep)
    let steps = options.steps ?? max(1, Int((options.resolvedEpochs * Double(perEpoch)).rounded(.up)))
    length = RunLength(steps: steps, evaluationInterval: options.evaluateEvery ?? perEpoch)
    let facts = RunFacts(
      workers: communicator.size, steps: steps, stepsPerEpoch: perEpoch,
      stepsPerShard: counts.map { Int(($0[0] + $0[1] - 1) / $0[1]) },
      stepEpochs: Double(perStep) / Double(shards.reduce(0, +)))
    let trainer = try Self.makeTrainer(options, setup.objective, facts, communicator)
    course = TrainingRun(trainer: trainer, communicator: communicator)
    course.constants = options.theory.constants(setup.objective.constants)
    course.evaluator.statisticsPolicy = options.batchNormStatistics
    course.logsGradientNorm = options.theory.logGradientNorm
    let problem = RunManifest.Problem(
      trainingSamples: shards.reduce(0, +),
      testSamples: try Int(communicator.allReduce(Int64(setup.objective.testSampleCount), .sum)),
      features: setup.features, classes: setup.classes, parameters: setup.objective.parameterCount, steps: steps,
      stepsPerEpoch: perEpoch, shards: shards)
    manifest = RunManifest(
      options: options.recorded, problem: problem, hosts: try communicator.allGather(MPIRuntime.processorName))
    files = try communicator.agree { [manifest, course] in
      guard communicator.isRoot, !options.dryRun else { return nil }
      return try RunFiles(
        options: options, manifest: manifest, columns: course.columns,
        withIntervals: !trainer.method.schedule.isUniform)
    }
  }

  private static func makeTrainer(
    _ options: TrainCommand, _ objective: any Objective, _ facts: RunFacts, _ communicator: Communicator
  ) throws -> Trainer {
    let step = options.step
    let constants = options.theory.constants(objective.constants)
    let (workers, steps) = (facts.workers, facts.steps)
    let (method, rate): (Method, Double) = try communicator.agree {
      if let rank = options.theory.slowdown.factors.keys.first(where: { $0 >= workers }) {
        throw Failure(.usage, "--slowdown names rank \(rank), and there are \(workers) ranks, from 0")
      }
      var facts = facts
      facts.learningRate = try step.rate(workers: workers, steps: steps, smoothness: constants.smoothness)
      facts.stepsAreProportional = step.optimizerName == .sgd
      facts.segments = objective.segments
      facts.warmup = options.recipe.warmup
      if case .rates(let rates) = step.learningRate { facts.firstFall = rates.pieces.first?.epoch }
      let method = try options.method.method(facts, seed: step.seed, smoothness: constants.smoothness)
      if options.theory.checkTheory && !method.exchange.isCollective {
        throw Failure(.usage, "--check-theory is of averages over all workers, not of \(options.method.algorithm)")
      }
      return (method, facts.learningRate)
    }
    let optimizer = step.optimizer(learningRate: rate)
    let worker = try options.method.worker(
      for: method, parameterCount: objective.parameterCount, optimizer: optimizer, communicator)
    objective.initialize(worker.parameters, seed: step.seed)
    var configuration = Trainer.Configuration(method: method, optimizer: optimizer)
    let learningRate = options.recipe.learningRate(
      step.learningRate, start: rate, stepEpochs: facts.stepEpochs, steps: steps)
    if !learningRate.isConstant { configuration.learningRate = learningRate }
    configuration.checksTheory = options.theory.checkTheory
    configuration.slowdown = options.theory.slowdown.factors[communicator.rank] ?? 1
    return try Trainer(configuration, worker: worker, objective: objective, communicator: communicator)
  }

  mutating func run() throws {
    announce()
    if options.dryRun { return try describe() }
    let shown = ProgressLine(
      length: length, samplesPerStep: course.trainer.samplesPerStep, stepsPerEpoch: manifest.problem.stepsPerEpoch)
    try course.run(
      length,
      eachStep: { trainer in
        progress.show(at: trainer.timer.since) { shown.text(trainer, lastRow) }
      },
      report: { row, workers in
        lastRow = row
        let realised = try course.trainer.takeRealisedSteps()
        try communicator.agree { try files?.log.append(row, workers: workers, realised: realised) }
        progress.say(shown.text(row))
      })
    try finish()
  }

  /// What the run would do and need, in place of doing it.
  private func describe() throws {
    let own = [Int64(ResidentMemory.current ?? ResidentMemory.peak), Int64(setup.objective.sampleBytes)]
    let memory = try communicator.allGather(own).map { (resident: Int($0[0]), samples: Int($0[1])) }
    let report = DryRun(
      manifest: manifest, interval: intervalText, payloadBytes: course.trainer.averager.payloadBytes, memory: memory)
    if communicator.isRoot { StandardStream.output.write(report.text + "\n") }
  }

  private mutating func finish() throws {
    manifest.result = RunManifest.Result(lastRow)
    let tensors = setup.placedTensors(course.evaluator.average, course.evaluator.statistics)
    try communicator.agree { try files?.finish(manifest, tensors: tensors, description: setup.description) }
    let seconds = try communicator.allGather(course.trainer.timer.seconds)
    let memory = try communicator.allReduce(Int64(ResidentMemory.peak), .maximum)
    progress.say("\n" + PhaseTable.text(seconds))
    progress.say("memory a rank: \((Double(memory) / 1e6).formatted(decimals: 0)) MB at most\n")
    progress.say(ProgressLine.result(lastRow, folder: files?.folder ?? ""))
  }

  private func announce() {
    guard communicator.isRoot else { return }
    let problem = manifest.problem
    for warning in ResourceCheck.warnings(hosts: manifest.machine.hosts, threads: options.step.blasThreads) {
      progress.warn("note: \(warning)")
    }
    if problem.classes > 0 {
      progress.say(
        "\(options.dataset): \(problem.trainingSamples.formattedWithCommas) training and "
          + "\(problem.testSamples.formattedWithCommas) test samples, \(problem.features) features, "
          + "\(problem.classes) classes")
    }
    let ranks = communicator.size == 1 ? "1 rank" : "\(communicator.size) ranks"
    progress.say(
      "\(setup.model): \(problem.parameters.formattedWithCommas) parameters; \(options.method.algorithm) on \(ranks), "
        + "\(intervalText), \(length.steps.formattedWithCommas) steps; \(BLASLibrary.version) (\(BLASLibrary.kernel))")
    if let kernels = setup.kernels { progress.say("products: \(kernels)") }
    if communicator.size > 1 {
      progress.say("averages: \(course.trainer.averager.sharesMemory ? "in shared memory" : "by messages")")
    }
    if let files { progress.say("writing to \(files.folder)") }
  }

  private var intervalText: String { course.trainer.method.schedule.summary }
}
