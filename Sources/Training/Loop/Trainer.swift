import Averaging
import Failures
import Kernels
import MessagePassing
import Models
import Records

/// One worker's training: local SGD on its own objective, and the exchanges that its method asks for.
///
/// `step` is Algorithm 1 of the paper read aloud: sample, begin averaging, gradient, finish averaging, step. After it is
/// made, a step allocates nothing.
public final class Trainer {
  public let method: Method
  public let objective: any Objective
  public let worker: WorkerState
  public let timer = PhaseTimer()
  public let averager: Averager
  public let clock: RoundClock
  /// Local steps this worker has done.
  public private(set) var steps = 0
  /// Samples of all workers' gradients up to the last exchange.
  public private(set) var exchangedSamples = 0
  /// τ_i of all workers in each round since `takeRealisedSteps`, where they may differ.
  public private(set) var realisedSteps: [[Int]] = []
  /// Σ over the samples of all batches since `takeLocalScore` was last called.
  public private(set) var localScore = BatchScore()
  public private(set) var localSamples = 0
  /// Ĝ²: the largest ‖g + λx‖² of a step so far; 0 with momentum.
  public private(set) var largestSquaredGradient = 0.0
  /// The most steps that a worker took in the last round.
  public private(set) var longestInterval = 0
  public private(set) var status = WorkerStatus.fine

  /// Its rate is that of the last step; before the first, of that.
  public var optimizer: LocalOptimizer
  /// γ over the run, where it is more than the optimizer's one rate and the method's schedule sets none.
  public var learningRate: LearningRate? { didSet { setLearningRate() } }
  /// How many times slower than it is this worker is made to be, for the study of unlike machines.
  public var slowdown = 1.0
  /// Whether an average that breaks the deviation lemma ends the run; for plain SGD.
  public var checksTheory = false

  /// Samples in the objectives of all workers.
  public let trainingSamples: Int

  private let communicator: Communicator
  private let squaredGradient = AlignedBuffer<Double>(count: 1)
  private let sampleShare: Double
  /// B_i of each worker.
  private let batchSizes: [Int]
  private var busyBeforeStep = 0.0
  private var busyBeforeRound = 0.0
  /// The largest γ of the steps that the next averaging's deviations come of.
  private var roundRate = 0.0
  private var lastRound = (rate: 0.0, interval: 0)

  /// Every rank must make its own together with all others.
  /// - Precondition: `worker` holds the objective's initial model, the same on every rank.
  public init(
    method: Method, optimizer: LocalOptimizer, worker: WorkerState, objective: any Objective, communicator: Communicator
  ) throws {
    precondition(worker.parameters.count == objective.parameterCount)
    precondition((worker.momentum != nil) == (optimizer.momentum != 0))
    self.method = method
    self.optimizer = optimizer
    self.worker = worker
    self.objective = objective
    self.communicator = communicator
    let sizes = try communicator.allGather([Int64(objective.sampleCount), Int64(objective.batchSize)])
    trainingSamples = sizes.reduce(0) { $0 + Int($1[0]) }
    sampleShare = Double(objective.sampleCount) / Double(trainingSamples)
    batchSizes = sizes.map { Int($0[1]) }
    averager = Averager(method.exchange, worker: worker, communicator: communicator)
    clock = RoundClock(method.schedule, communicator: communicator)
  }

  /// Samples of one step of all workers.
  public var samplesPerStep: Int { batchSizes.reduce(0, +) }

  /// Samples that all workers have used, as far as all know of it: where they differ in their steps, up to the last
  /// exchange.
  public var samples: Int { method.schedule.isUniform ? steps * samplesPerStep : exchangedSamples }

  /// Whether γ is the same at all steps.
  public var hasOneRate: Bool { clock.learningRate == nil && learningRate?.isConstant != false }

  /// The largest γ that the last averaging's deviations, or the last step, come of.
  public var largestRate: Double { max(lastRound.rate, optimizer.learningRate) }

  // MARK: The step

  /// One local step, with an exchange where the schedule asks for one.
  /// - Throws: `AgreedFailure` on every rank when some worker diverged, `MPIError`.
  public func step() throws {
    try beginStep()
    objective.draw()
    switch method.update {
    case .averageThenStep(let overlapped, let resetMomentum):
      guard try clock.isDue() else {
        try computeGradientAndStep()
        break
      }
      // What is averaged in shared memory takes the step along, and that takes the gradient.
      let meanwhile = overlapped && !averager.sharesMemory
      if meanwhile { try beginAveraging() }
      try computeGradient()
      if !meanwhile { try beginAveraging() }
      try finishAveraging()
      try averageAndStep(resetMomentum: resetMomentum)
      endRound()
    case .stepThenAverage(let resetMomentum):
      try computeGradientAndStep()
      guard try clock.isDue() else { break }
      try beginAveraging()
      try finishAveraging()
      averager.applyModelAverage(resetMomentum: resetMomentum)
      try settle()
      endRound()
    case .averagedGradient:
      try computeGradient()
      try beginAveraging()
      try finishAveraging()
      averager.applyGradientAverage()
      try settle()
      takeLocalStep()
      endRound()
    }
    timer.enter(.other)
  }

  private func beginStep() throws {
    if case .replay(let rounds) = method.schedule, clock.round == rounds.count {
      throw AgreedFailure(
        Failure(.usage, "the log that is replayed ends after round \(rounds.count), before the run does"), rank: 0)
    }
    setLearningRate()
    roundRate = max(roundRate, optimizer.learningRate)
    steps += 1
    clock.beginStep()
    timer.enter(.data)
    busyBeforeStep = timer.busySeconds
  }

  /// γ of the step that comes next.
  private func setLearningRate() {
    if let rate = clock.learningRate {
      optimizer.learningRate = rate
    } else if let learningRate {
      optimizer.learningRate = learningRate.rate(at: Double(samples) / Double(trainingSamples))
    }
  }

  /// A stochastic gradient at the worker's own model.
  private func computeGradient() throws {
    try computeGradient(into: GradientTarget(gradient: worker.gradient.pointer, accumulating: false))
  }

  /// A step that nothing comes between: where it can, the gradient goes straight into it.
  private func computeGradientAndStep() throws {
    guard objective.canStepAtOnce, status == .fine else {
      try computeGradient()
      return takeLocalStep()
    }
    squaredGradient.pointer.pointee = 0
    let target = GradientTarget(
      step: optimizer.arithmetic, parameters: worker.parameters.pointer,
      momentum: worker.momentum?.pointer, gradient: worker.gradient.pointer, squaredNorm: squaredGradient.pointer)
    try computeGradient(into: target)
    largestSquaredGradient = max(largestSquaredGradient, squaredGradient.pointer.pointee)
  }

  private func computeGradient(into target: GradientTarget) throws {
    let score = try objective.gradient(at: worker.parameters, into: target, timer: timer, poll: poll)
    if !score.loss.isFinite { noteDivergence() }
    localScore += score
    localSamples += objective.batchSize
    if slowdown > 1 { try idle() }
    timer.enter(.update)
  }

  private func takeLocalStep() {
    timer.enter(.update)
    // A worker that diverged stands still until the others know: its last sound model is left as it is.
    guard status == .fine else { return }
    largestSquaredGradient = max(largestSquaredGradient, optimizer.step(worker))
  }

  /// x ← x̄, and a step with the gradient and the weight decay of the worker's own model from before.
  private func averageAndStep(resetMomentum: Bool) throws {
    timer.enter(.update)
    // The step of a gradient that is not finite is left out, until the others know.
    let step = status == .fine ? optimizer.arithmetic : nil
    averager.applyModelAverage(resetMomentum: resetMomentum, andStep: step)
    largestSquaredGradient = max(largestSquaredGradient, try settle())
  }

  @discardableResult
  private func settle() throws -> Double {
    timer.enter(.wait)
    return try averager.settle()
  }

  /// Waits as long as a slower machine would have computed longer; messages make progress meanwhile.
  private func idle() throws {
    timer.enter(.slowdown)
    let end = timer.since + (slowdown - 1) * (timer.busySeconds - busyBeforeStep)
    while true {
      let left = end - PhaseTimer.now()
      guard left > 0 else { return }
      PhaseTimer.sleep(min(left, 0.0005))
      try poll()
    }
  }

  // MARK: The exchange

  private func beginAveraging() throws {
    timer.enter(.average)
    var report = WorkerReport()
    report.status = status
    report.steps = clock.stepsInRound
    report.sampleShare = sampleShare
    report.stepSeconds = (timer.busySeconds - busyBeforeRound) / Double(clock.stepsInRound)
    report.squaredDeviation = averager.squaredDeviation
    report.largestSquaredGradient = largestSquaredGradient
    try averager.begin(report)
  }

  private func poll() throws {
    guard averager.isPending || clock.isPending else { return }
    let phase = timer.enter(.average)
    try averager.poll()
    try clock.poll()
    timer.enter(phase)
  }

  private func finishAveraging() throws {
    timer.enter(.wait)
    try averager.awaitArrival()
    timer.enter(.average)
    let worst = try averager.complete()
    // Before anything may fail: no request is left behind.
    try clock.finishBarrier()
    timer.enter(.update)
    try failIfDiverged(worst)
    if checksTheory { try checkLemma() }
  }

  private func endRound() {
    longestInterval = 0
    for rank in 0..<communicator.size {
      let steps = averager.report(of: rank).steps
      exchangedSamples += steps * batchSizes[rank]
      longestInterval = max(longestInterval, steps)
    }
    if !method.schedule.isUniform {
      realisedSteps.append((0..<communicator.size).map { averager.report(of: $0).steps })
    }
    lastRound = (roundRate, longestInterval)
    // Where the average is of the models from before the step, the step belongs to the next one.
    if case .averageThenStep = method.update { roundRate = optimizer.learningRate } else { roundRate = 0 }
    busyBeforeRound = timer.busySeconds
    clock.endRound { averager.report(of: $0).stepSeconds }
  }

  // MARK: Agreement

  /// Brings any worker's trouble to all, outside an exchange; every rank must call it together.
  ///
  /// Looks at the model too: what a step made of it, no loss has shown yet.
  public func agreeOnStatus() throws {
    if status == .fine && !worker.parameters.squaredNorm().isFinite { noteDivergence() }
    try failIfDiverged(averager.worstStatus(status))
  }

  /// Ends the run on all ranks where the loss of the average model, the same on all, is not finite.
  func failUnlessFinite(_ loss: Double) throws {
    if !loss.isFinite { try failIfDiverged(.diverged(step: steps, rank: 0)) }
  }

  private func noteDivergence() {
    if status == .fine { status = .diverged(step: steps, rank: communicator.rank) }
  }

  private func failIfDiverged(_ worst: WorkerStatus) throws {
    guard let (step, rank) = worst.divergence else { return }
    let advice = "a smaller --learning-rate may help (it is \(optimizer.learningRate))"
    throw AgreedFailure(
      Failure(.diverged, "diverged: the loss of rank \(rank) is not finite at step \(step); \(advice)"), rank: rank)
  }

  /// The lemma (1/N) Σ‖x̄ − x_i‖² ≤ 4γ²I²Ĝ² for the averaging before this one, of which the reports tell.
  private func checkLemma() throws {
    guard averager.rounds > 1 else { return }
    let reports = (0..<communicator.size).lazy.map { self.averager.report(of: $0) }
    let measured = reports.reduce(0) { $0 + $1.squaredDeviation } / Double(communicator.size)
    let largest = reports.reduce(0) { max($0, $1.largestSquaredGradient) }
    let factor = 2 * lastRound.rate * Double(lastRound.interval)
    let bound = factor * factor * largest
    // Rounding alone may carry equal models past a bound of nearly nothing.
    guard measured > bound * (1 + 1e-5) + 1e-12 else { return }
    throw AgreedFailure(
      Failure(
        .internal,
        "the deviation lemma does not hold in round \(averager.rounds - 1): "
          + "(1/N) Σ‖x̄ − x_i‖² = \(measured) is more than 4γ²I²Ĝ² = \(bound)"), rank: 0)
  }

  // MARK: What is taken away to be recorded

  /// The local score since the last call, which it forgets.
  public func takeLocalScore() -> (score: BatchScore, samples: Int) {
    defer { (localScore, localSamples) = (BatchScore(), 0) }
    return (localScore, localSamples)
  }

  /// τ_i of all workers in each round since the last call, which it forgets.
  public func takeRealisedSteps() -> [[Int]] {
    defer { realisedSteps.removeAll() }
    return realisedSteps
  }
}
