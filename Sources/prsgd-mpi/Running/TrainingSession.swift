import Failures
import Kernels
import MessagePassing
import Records
import Training

/// One `train` from its options to its last file: prologue, loop, epilogue.
struct TrainingSession {
  private let experiment: Experiment
  private let output: OutputOptions
  private let communicator: Communicator
  private let progress: ProgressReport
  private let setup: ProblemSetup
  private let training: TrainingRun
  private let length: RunLength
  private let evaluated: EvaluatedTraining
  private let checkpointing: Checkpointing
  /// On rank 0.
  private var files: RunFiles?
  /// The checkpoint that this run goes on from.
  private let resumed: CheckpointManifest?
  private var manifest: RunManifest
  private var lastRow = ConvergenceRow()
  /// On rank 0, where it is kept.
  private var best: BestModel?

  /// Reads the data, divides them, and makes everything that training needs.
  init(_ experiment: Experiment, _ output: OutputOptions, _ communicator: Communicator) throws {
    (self.experiment, self.output, self.communicator) = (experiment, output, communicator)
    BLASLibrary.threads = experiment.step.blasThreads
    progress = ProgressReport(isQuiet: output.quiet || !communicator.isRoot)
    setup = try ProblemSetup(experiment, communicator)
    let shards = try ShardSizes(of: setup.objective, communicator)
    length = experiment.length.runLength(stepsPerEpoch: shards.stepsPerEpoch)
    let trainer = try experiment.trainer(setup.objective, shards, steps: length.steps, communicator)
    training = TrainingRun(trainer: trainer, communicator: communicator)
    training.constants = experiment.theory.constants(setup.objective.constants)
    training.evaluator.statisticsPolicy = experiment.batchNormStatistics
    training.logsGradientNorm = experiment.theory.logGradientNorm
    let testSamples = try Int(communicator.allReduce(Int64(setup.objective.testSampleCount), .sum))
    evaluated = EvaluatedTraining(experiment, training: shards.sum, test: testSamples)
    training.evaluator.trainingSample = evaluated.indices(
      worker: communicator.rank, shards: shards.samples, seed: experiment.step.seed)
    let problem = RunManifest.Problem(
      trainingSamples: shards.sum, testSamples: testSamples, evaluatedTrainingSamples: evaluated.samples,
      features: setup.features, classes: setup.classes, parameters: setup.objective.parameterCount,
      steps: length.steps, stepsPerEpoch: shards.stepsPerEpoch, shards: shards.samples)
    manifest = RunManifest(
      options: experiment.recorded, problem: problem, hosts: try communicator.allGather(MPIRuntime.processorName))
    checkpointing = Checkpointing(
      output.checkpoints, training, conditions: manifest.conditions(setup, training.trainer), communicator)
    resumed = try output.checkpoints.resume.flatMap { [checkpointing, progress] in
      try checkpointing.resume($0, warn: progress.warn)
    }
    try communicator.agree { [manifest, resumed, training] in
      try Self.check(output, manifest)
      try Self.check(length, resumed, done: training.step, communicator)
    }
    if resumed == nil, let path = experiment.initFrom { try begin(from: path) }
    files = try communicator.agree { [manifest, training, resumed] in
      guard communicator.isRoot, !output.dryRun else { return nil }
      if let resumed {
        return try RunFiles(continuing: output.output!, from: resumed.logs, columns: training.columns)
      }
      return try RunFiles(
        output, name: experiment.name, manifest: manifest, columns: training.columns,
        withIntervals: !trainer.method.schedule.isUniform)
    }
    best = try communicator.agree { [files, resumed, setup] in
      guard let folder = files?.folder, output.keepBest || resumed != nil && BestModel.isKept(in: folder) else {
        return nil
      }
      return try BestModel(in: folder, metadata: setup.metadata, resuming: resumed != nil)
    }
  }

  /// - Throws: `Failure(.usage)` where there is nothing to tell the best by.
  private static func check(_ output: OutputOptions, _ manifest: RunManifest) throws {
    guard output.keepBest, manifest.problem.testSamples == 0 || manifest.problem.classes == 0 else { return }
    let dataset = manifest.options["dataset"].map { "\($0)" } ?? ""
    throw Failure(.usage, "--keep-best goes by the accuracy on test samples, and \(dataset) has none")
  }

  /// - Throws: `Failure(.usage)` where other ranks have done already what is this run's length.
  private static func check(
    _ length: RunLength, _ resumed: CheckpointManifest?, done: Int, _ communicator: Communicator
  ) throws {
    guard let resumed, done >= length.steps else { return }
    throw Failure(
      .usage,
      "the checkpoint at step \(resumed.step) of \(resumed.parts.count) ranks has used the samples of \(done) steps of "
        + "\(communicator.size), and the run is to have \(length.steps): give it more --steps, or --epochs")
  }

  /// Takes a saved model for the one that every worker begins with.
  private func begin(from path: String) throws {
    let file = try ModelFile(reading: path, communicator)
    try file.check(holds: model.map(\.tensor))
    try file.load(into: model)
    training.trainer.begin(from: training.evaluator.average, statistics: training.evaluator.statistics)
  }

  /// The average model, as it is saved.
  private var model: [PlacedTensor] {
    setup.placedTensors(training.evaluator.average, training.evaluator.statistics)
  }

  mutating func run() throws {
    try announceBinding()
    announce()
    if output.dryRun { return try describe() }
    let pulse = training.trainer.timer.pulse
    try calibrateCore()
    _ = try Watchdog.start(
      pulse, hosts: manifest.machine.hosts, abortTime: output.checkpoints.stallAbort?.seconds, communicator)
    let shown = ProgressLine(
      length: length, samplesPerStep: training.trainer.samplesPerStep, stepsPerEpoch: manifest.problem.stepsPerEpoch,
      showsPerplexity: experiment.dataset.text != nil)
    do {
      try train(shown)
      try finish()
    } catch let error as AgreedFailure {
      // However the run ended, its manifest says so; that it cannot be written is no second reason.
      manifest.ended = "\(error)"
      manifest.result = nil
      try? files?.write(manifest)
      throw error
    }
  }

  private mutating func train(_ shown: ProgressLine) throws {
    try training.run(
      length,
      eachStep: { trainer in
        progress.show(at: trainer.timer.since) { shown.text(trainer, lastRow) }
        trainer.timer.pulse.publish(step: trainer.steps)
        try checkpointing.afterStep(files)
      },
      report: { row, workers in
        lastRow = row
        let realised = try training.trainer.takeRealisedSteps()
        try communicator.agree {
          try files?.log.append(row, workers: workers, realised: realised)
          try best?.note(row, model)
        }
        progress.say(shown.text(row))
      })
  }

  /// What the run would do and need, in place of doing it: a few steps, whose results are forgotten, say how long it takes.
  private func describe() throws {
    let own = [Int64(ResidentMemory.current ?? ResidentMemory.peak), Int64(setup.objective.sampleBytes)]
    let memory = try communicator.allGather(own).map { (resident: Int($0[0]), samples: Int($0[1])) }
    let times = try measureSteps()
    let report = DryRun(
      manifest: manifest, interval: intervalText, payloadBytes: training.trainer.averager.payloadBytes, memory: memory,
      secondsOfStep: times?.slowest)
    if communicator.isRoot { StandardStream.output.write(report.text + "\n") }
  }

  /// What steps take; nil where ranks differ in their number.
  private func measureSteps() throws -> StepTimes? {
    let method = training.trainer.method
    guard method.schedule.isUniform && !method.exchange.isAsynchronous else { return nil }
    let shards = try ShardSizes(of: setup.objective, communicator)
    let trainer = try experiment.forMeasuring.trainer(setup.objective, shards, steps: length.steps, communicator)
    _ = try trainer.calibrateCore()
    return try StepTimes.measure(trainer, communicator)
  }

  private mutating func finish() throws {
    if lastRow.step < length.steps {
      progress.say("ended early: \(training.evaluationsSinceBest) evaluations without a better one")
    }
    manifest.result = RunManifest.Result(lastRow)
    manifest.ended = RunManifest.finished
    try communicator.agree { try files?.finish(manifest, tensors: model, metadata: setup.metadata) }
    let seconds = try communicator.allGather(training.trainer.timer.seconds)
    let memory = try communicator.allReduce(Int64(ResidentMemory.peak), .maximum)
    progress.say("\n" + PhaseTable.text(seconds))
    progress.say("memory a rank: \((Double(memory) / 1e6).formatted(decimals: 0)) MB at most\n")
    progress.say(ProgressLine.result(lastRow, folder: files?.folder ?? ""))
  }

  private func announceBinding() throws {
    let binding = try CoreBinding(hosts: manifest.machine.hosts, communicator)
    guard communicator.isRoot else { return }
    for warning in binding.warnings { progress.warn("note: \(warning)") }
    if output.verbose { progress.say(binding.text) }
  }

  /// Where times are to be those of cores of the ranks' own: finds them.
  private func calibrateCore() throws {
    guard let factor = try training.trainer.calibrateCore() else { return }
    let factors = try communicator.allGather([factor]).map { $0[0] }
    let text = { (factor: Double) in factor.formatted(decimals: 2) }
    progress.say(
      "times: of a core for each rank, where its work takes \(text(factors.min()!)) to \(text(factors.max()!)) of what it "
        + "takes beside the others")
  }

  private func announce() {
    guard communicator.isRoot else { return }
    let problem = manifest.problem
    for warning in ResourceCheck.warnings(hosts: manifest.machine.hosts, threads: experiment.step.blasThreads) {
      progress.warn("note: \(warning)")
    }
    if problem.classes > 0 {
      progress.say(
        "\(experiment.dataset): \(problem.trainingSamples.formattedWithCommas) training and "
          + "\(problem.testSamples.formattedWithCommas) test "
          + (experiment.dataset.text == nil
            ? "samples, \(problem.features) features, \(problem.classes) classes"
            : "sequences of \(problem.features) characters, \(problem.classes) different ones"))
    }
    for remark in setup.remarks { progress.say("  \(remark)") }
    if problem.classes > 0 || evaluated.reason != nil { progress.say(evaluated.text) }
    let ranks = communicator.size == 1 ? "1 rank" : "\(communicator.size) ranks"
    progress.say(
      "\(setup.model): \(problem.parameters.formattedWithCommas) parameters; \(experiment.method.algorithm) on \(ranks), "
        + "\(intervalText), \(length.steps.formattedWithCommas) steps; \(BLASLibrary.version) (\(BLASLibrary.kernel))")
    if let kernels = setup.kernels { progress.say("products: \(kernels)") }
    if communicator.size > 1 {
      let network = experiment.emulation.emulateNetwork.map { ", as on a network of \($0)" } ?? ""
      progress.say("averages: \(training.trainer.averager.medium.rawValue)\(network)")
    }
    if let files { progress.say("writing to \(files.folder)") }
    if let resumed {
      progress.say("going on from the checkpoint at step \(resumed.step.formattedWithCommas)")
    } else if output.checkpoints.resume != nil {
      progress.say("there is no checkpoint to go on from: the run begins")
    }
  }

  private var intervalText: String { training.trainer.method.schedule.summary }
}
