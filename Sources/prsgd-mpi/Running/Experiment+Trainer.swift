import Averaging
import Failures
import MessagePassing
import Training

extension Experiment {
  /// Makes what does the steps of one worker, its model at the beginning.
  /// - Parameters:
  ///   - objective: this worker's.
  ///   - shards: those of all.
  ///   - steps: T.
  /// - Throws: `AgreedFailure` for what does not fit the ranks or the objective.
  func trainer(
    _ objective: any Objective, _ shards: ShardSizes, steps: Int, _ communicator: Communicator
  ) throws -> Trainer {
    let (method, rate) = try communicator.agree {
      try checkSlowdown(workers: communicator.size)
      return try resolveMethod(objective, shards, workers: communicator.size, steps: steps)
    }
    let optimizer = step.optimizer(learningRate: rate)
    try MemoryCheck.refuseTooMuch(
      "model, moments and what the method remembers",
      bytes: Double(2 + optimizer.moments + method.slots.count) * Double(objective.parameterCount)
        * Double(MemoryLayout<Float>.size), communicator)
    let worker = try self.method.worker(
      for: method, parameterCount: objective.parameterCount, optimizer: optimizer,
      sharesMemory: emulation.emulation == nil, communicator)
    objective.initialize(worker.parameters, seed: step.seed)
    var configuration = Trainer.Configuration(method: method, optimizer: optimizer)
    let learningRate = recipe.learningRate(
      step.learningRate(model), start: rate, stepEpochs: shards.stepEpochs, steps: steps)
    if !learningRate.isConstant { configuration.learningRate = learningRate }
    configuration.clipNorm = step.clipNorm
    configuration.decaysMatricesOnly = step.decaysMatricesOnly(model)
    configuration.checksTheory = theory.checkTheory
    configuration.emulation = emulation.emulation
    configuration.slowdown = theory.slowdown.factors[communicator.rank] ?? 1
    return try Trainer(configuration, worker: worker, objective: objective, communicator: communicator)
  }

  /// The same with steps so short that nothing can diverge, to measure what they take.
  var forMeasuring: Experiment {
    var experiment = self
    experiment.step.learningRate = .rates(LearningRate(1e-9))
    experiment.method.rateScale = 1e-9
    return experiment
  }

  private func checkSlowdown(workers: Int) throws {
    guard let rank = theory.slowdown.factors.keys.first(where: { $0 >= workers }) else { return }
    throw Failure(.usage, "--slowdown names rank \(rank), and there are \(workers) ranks, from 0")
  }

  /// The method, and γ of the first step after a warm-up.
  private func resolveMethod(
    _ objective: any Objective, _ shards: ShardSizes, workers: Int, steps: Int
  ) throws -> (Method, Double) {
    var run = MethodSettings()
    run.workers = workers
    run.steps = steps
    run.stepsPerEpoch = shards.stepsPerEpoch
    run.stepsPerShard = shards.stepsPerShard
    run.seed = step.seed
    run.smoothness = theory.constants(objective.constants).smoothness
    run.stepsAreProportional = step.optimizerName == .sgd
    run.segments = objective.segments
    run.learningRate = try step.rate(model, workers: workers, steps: steps, smoothness: run.smoothness)
    run.warmup = recipe.warmup
    if case .rates(let rates) = step.learningRate(model) { run.firstFall = rates.pieces.first?.epoch }
    let method = try self.method.method(run)
    try emulation.check(workers: workers)
    if theory.checkTheory && !method.exchange.isCollective {
      throw Failure(.usage, "--check-theory is of averages over all workers, not of \(self.method.algorithm)")
    }
    return (method, run.learningRate)
  }
}
