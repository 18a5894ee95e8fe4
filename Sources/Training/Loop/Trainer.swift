import Averaging
import Failures
import Kernels
import MessagePassing
import Models
import Persistence
import Records

/// One worker's training: local SGD on its own objective, and the exchanges that its method asks for.
///
/// `step` is Algorithm 1 of the paper read aloud: sample, begin averaging, gradient, finish averaging, step. After it is
/// made, a step allocates nothing.
public final class Trainer: Persistent {
  public let configuration: Configuration
  public let objective: any Objective
  public let worker: WorkerState
  public let timer: PhaseTimer
  public let averager: Averager
  public let clock: RoundClock
  public private(set) var statistics = TrainingStatistics()
  public private(set) var status = WorkerStatus.fine
  /// Its rate is that of the last step; before the first, of that.
  public private(set) var optimizer: LocalOptimizer

  /// Samples in the objectives of all workers.
  public let trainingSamples: Int
  /// Samples of one step of all workers.
  public let samplesPerStep: Int

  /// Samples that the run is to use in all.
  var samplesOfRun = Int.max

  private let communicator: Communicator
  private let core: EmulatedCore?
  private let work: LocalWork
  private let update: any Update
  private let isUniform: Bool
  /// Where workers go on without regard to each other's steps.
  private let count: SampleCount?
  private let vote: Vote
  /// 1 for each number that decays, else 0; nil where all do.
  private let decayMask: ParameterVector?
  private var heldWish: Wish = []
  private var lemma = DeviationLemma()
  /// Steps that the optimiser's moments hold: since they were zero, which a reset makes them again.
  private var stepsInMoments = 0
  private var busyBeforeRound = 0.0

  /// Every rank must make its own together with all others.
  /// - Precondition: `worker` holds the objective's initial model, the same on every rank, and the method's slots.
  public init(
    _ configuration: Configuration, worker: WorkerState, objective: any Objective, communicator: Communicator
  ) throws {
    precondition(worker.parameters.count == objective.parameterCount)
    precondition(worker.vectors.moments == configuration.optimizer.moments)
    self.configuration = configuration
    self.worker = worker
    self.objective = objective
    self.communicator = communicator
    optimizer = configuration.optimizer
    update = configuration.method.update
    isUniform = configuration.method.schedule.isUniform
    let sizes = try communicator.allReduce([Int64(objective.sampleCount), Int64(objective.batchSize)], .sum)
    (trainingSamples, samplesPerStep) = (Int(sizes[0]), Int(sizes[1]))
    core = configuration.emulation?.hasOwnCores == true ? EmulatedCore() : nil
    timer = PhaseTimer(core: core)
    var method = configuration.method
    if let emulation = configuration.emulation {
      method.exchange = EmulatedExchange(method.exchange, on: emulation.network, clock: timer)
    }
    averager = try Averager(method, worker: worker, communicator: communicator)
    clock = RoundClock(configuration.method.schedule, worker: worker, communicator: communicator)
    work = LocalWork(
      objective: objective, worker: worker, timer: timer, slowdown: configuration.slowdown,
      correction: update.correction,
      clipping: configuration.clipNorm.map {
        LocalWork.Clipping(limit: Float($0), isOfAverage: configuration.method.update.moment == .onGradient)
      })
    decayMask = configuration.decaysMatricesOnly ? Self.mask(objective) : nil
    let isAsynchronous = configuration.method.exchange.isAsynchronous && communicator.size > 1
    count = isAsynchronous ? try SampleCount(communicator) : nil
    vote = try Vote(communicator, timer)
    if configuration.learningRate != nil { setLearningRate() }
  }

  private static func mask(_ objective: any Objective) -> ParameterVector {
    let mask = ParameterVector(count: objective.parameterCount)
    for range in objective.matrices { mask.elements[range].update(repeating: 1) }
    return mask
  }

  /// Takes another model to begin from, the same on every rank, with the statistics that go with it; before the first step.
  public func begin(from parameters: ParameterVector, statistics: ParameterVector) {
    worker.parameters.copy(from: parameters)
    objective.statistics.copy(from: statistics)
    averager.prepare()
  }

  /// Where each rank has the times of a core of its own: measures what they are; every rank must call it together.
  /// - Returns: what this rank's work takes there over what it takes here; nil where cores are real.
  /// - Throws: `MPIError`.
  public func calibrateCore() throws -> Double? {
    guard let core else { return nil }
    core.factor = try CoreCalibration(objective, worker: worker, communicator).measure()
    return core.factor
  }

  public var method: Method { configuration.method }

  /// Local steps this worker has done.
  public var steps: Int { clock.steps }

  /// Samples that all workers have used, as far as all know of it: where they differ in their steps, up to the last
  /// exchange or count.
  public var samples: Int {
    if let count { return count.samples }
    return isUniform ? steps * samplesPerStep : statistics.exchangedSamples
  }

  private var ownSamples: Int { steps * objective.batchSize }

  /// Whether γ is the same at all steps.
  public var hasOneRate: Bool { clock.scheduledRate == nil && configuration.learningRate?.isConstant != false }

  /// The largest γ that the last averaging's deviations, or the last step, come of.
  public var largestRate: Double { lemma.largestRate(optimizer.learningRate) }

  // MARK: The step

  /// One local step, with an exchange where the schedule asks for one. A worker that sits out a round exchanges only.
  /// - Throws: `AgreedFailure` on every rank when some worker diverged, `MPIError`.
  public func step() throws {
    guard try beginStep() else { return try exchange() }
    objective.draw()
    update.follow(worker, step: clock.steps - 1)
    let isEarly = update.moment != .afterStep
    var ends = try isEarly && clock.isDue()
    // The average of the models from before the step does not depend on the gradient, nor the gradient on the average.
    // What is averaged in shared memory takes the step along, and that takes the gradient.
    if ends && update.overlaps && !averager.sharesMemory { try beginAveraging() }
    try ends ? computeGradient() : computeGradientAndStep()
    if !isEarly { ends = try clock.isDue() }
    if ends { try exchange() } else { try applyDelayed() }
    timer.enter(.other)
  }

  /// The rest of a step that ends a round.
  private func exchange() throws {
    if update.delay == .none {
      if !averager.isPending { try beginAveraging() }
      try finishAveraging()
    } else {
      if averager.isPending { try finishAveraging() }
      try beginAveraging()
    }
    try endRound()
  }

  /// Ends an exchange, and a vote, that are still under way when training ends; every rank must call it together.
  public func finish() throws {
    if averager.isPending { try finishAveraging() }
    try vote.finish()
  }

  /// Applies the result of an exchange that began some steps ago, where this is when it is due.
  private func applyDelayed() throws {
    if case .steps(clock.stepsInRound) = update.delay, averager.isPending { try finishAveraging() }
  }

  private func beginStep() throws -> Bool {
    timer.enter(.data)
    try count?.begin(ownSamples)
    setLearningRate()
    if !isUniform && clock.stepsInRound == 0 { limitRound() }
    guard try clock.beginStep() else { return false }
    lemma.noteStep(rate: optimizer.learningRate)
    return true
  }

  /// Cuts the round that begins where the run needs fewer steps than it may have: those who take part share what is left.
  private func limitRound() {
    guard samplesOfRun < .max else { return }
    let participants = clock.reports?.participants ?? communicator.size
    let samplesOfStep = max(1, samplesPerStep * participants / communicator.size)
    clock.mostSteps = max(1, (samplesOfRun - samples + samplesOfStep - 1) / samplesOfStep)
  }

  /// γ of the step that comes next.
  private func setLearningRate() {
    clock.epoch = Double(samples) / Double(trainingSamples)
    if let rate = clock.scheduledRate {
      optimizer.learningRate = rate
    } else if let learningRate = configuration.learningRate {
      optimizer.learningRate = learningRate.rate(at: clock.epoch)
    }
    clock.learningRate = optimizer.learningRate
  }

  private func computeGradient() throws { note(try work.gradient(poll: poll)) }

  /// A step that nothing comes between.
  private func computeGradientAndStep() throws {
    guard work.canStepAtOnce, status == .fine else {
      try computeGradient()
      return takeLocalStep()
    }
    let (score, squaredNorm) = try work.gradientAndStep(nextStep(), poll: poll)
    note(score)
    statistics.noteSquaredGradient(squaredNorm)
  }

  private func note(_ score: BatchScore) {
    if !score.loss.isFinite { noteDivergence() }
    statistics.note(score, samples: objective.batchSize * objective.targetsOfSample)
  }

  private func takeLocalStep() {
    timer.enter(.update)
    // A worker that diverged stands still until the others know: its last sound model is left as it is.
    guard status == .fine else { return }
    statistics.noteSquaredGradient(work.takeStep(nextStep()))
  }

  /// What the optimiser does in the step that comes next. Where moments are averaged each worker keeps its own count.
  private func nextStep() -> LocalStep {
    stepsInMoments += 1
    let step = optimizer.arithmetic(step: stepsInMoments)
    return decayMask.map(step.decaying) ?? step
  }

  // MARK: The exchange

  private func beginAveraging() throws {
    timer.enter(.average)
    if clock.stepsInRound > 0 {
      clock.stepSeconds = (timer.busySeconds - busyBeforeRound) / Double(clock.stepsInRound)
    }
    var report = RoundReport()
    report.status = status
    report.steps = clock.stepsInRound
    report.batchSize = objective.batchSize
    report.sampleCount = objective.sampleCount
    report.totalSamples = trainingSamples
    report.loss = statistics.roundLoss
    report.squaredDeviation = averager.squaredDeviation
    report.largestSquaredGradient = statistics.largestSquaredGradient
    var ended = EndedRound()
    ended.index = clock.round
    ended.steps = clock.stepsInRound
    ended.learningRate = optimizer.learningRate
    ended.reach = 1 / (1 - optimizer.momentum)
    try averager.begin(report, ended)
  }

  private func poll() throws {
    guard averager.isPending || clock.isPending else { return }
    let phase = timer.enter(.average)
    try averager.poll()
    try clock.poll()
    try count?.poll()
    timer.enter(phase)
  }

  /// Returns when the result of the exchange under way stands.
  private func finishAveraging() throws {
    timer.enter(.wait)
    try averager.awaitArrival()
    timer.enter(.average)
    let reports = try averager.complete()
    // Before anything may fail: no request is left behind.
    try clock.finishBarrier()
    timer.enter(.update)
    // What only some know of must wait until all do.
    if reports.workers == communicator.size {
      try failIfDiverged(reports.worstStatus)
      if configuration.checksTheory { try lemma.check(reports, round: averager.rounds) }
    }
    clock.reports = reports
    if update.momentum == .reset { stepsInMoments = 0 }
    // The step of a gradient that is not finite is left out, until the others know.
    averager.apply(step: update.moment == .beforeStep && status == .fine ? nextStep() : nil)
    timer.enter(.wait)
    statistics.noteSquaredGradient(try averager.settle())
    if update.moment == .onGradient { takeLocalStep() }
  }

  private func endRound() throws {
    if let reports = clock.reports {
      statistics.noteRound(reports, ownSteps: isUniform ? nil : clock.stepsInRound)
      // Where the average is of the models from before the step, the step belongs to the next one.
      lemma.noteRound(
        interval: reports.longestInterval, nextRate: update.moment == .beforeStep ? optimizer.learningRate : nil)
    }
    busyBeforeRound = timer.busySeconds
    try clock.endRound()
  }

  // MARK: Agreement

  /// Brings any worker's trouble to all, outside an exchange; every rank must call it together, before it does anything
  /// else together with the others.
  ///
  /// Looks at the model too: what a step made of it, no loss has shown yet.
  public func agreeOnStatus() throws {
    let phase = timer.enter(.wait)
    try averager.drain()
    try count?.settle(ownSamples)
    timer.enter(phase)
    if status == .fine && !worker.parameters.squaredNorm().isFinite { noteDivergence() }
    try failIfDiverged(averager.worstStatus(status))
  }

  /// Ends the run on all ranks where the loss of the average model, the same on all, is not finite.
  func failUnlessFinite(_ loss: Double) throws {
    if !loss.isFinite { try failIfDiverged(.diverged(step: steps, rank: 0)) }
  }

  /// Asks all workers for what they want; each must call it between any two steps.
  /// - Returns: what any of them wants, at the same moment of every worker's run.
  public func consult(_ wish: Wish) throws -> Wish {
    if let count { return count.consult(wish) }
    // Workers that differ in their steps meet at the ends of rounds.
    guard isUniform || clock.stepsInRound == 0 else {
      heldWish.formUnion(wish)
      return []
    }
    defer { heldWish = [] }
    return try vote.consult(wish.union(heldWish))
  }

  /// Ends what is under way, and leaves its result alone, where a run ends early; every rank must call it together.
  func abandon() throws {
    if averager.isPending { _ = try averager.complete() }
    // A worker that is still in its step may wait for another's answer.
    try averager.drain()
    try clock.finishBarrier()
    try count?.settle(ownSamples)
    try vote.finish()
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

  // MARK: Records and state

  /// The local score since the last call, which it forgets.
  public func takeLocalScore() -> (score: BatchScore, samples: Int) { statistics.takeLocalScore() }

  /// τ_i of all workers in each round since the last call, which it forgets; every rank must ask together.
  public func takeRealisedSteps() throws -> [[Int]] { try statistics.takeRealisedSteps(communicator) }

  public func visit(_ state: inout StateVisitor) throws {
    try state.visit(&status)
    try state.visit(&optimizer)
    try state.visit(&stepsInMoments)
    try state.visit(&busyBeforeRound)
    var seconds = timer.seconds
    try state.visit(&seconds)
    if state.isReading { try timer.goOn(from: seconds) }
    try lemma.visit(&state)
    try statistics.visit(&state)
    try clock.visit(&state)
    try averager.visit(&state)
    try count?.visit(&state)
    var objective = objective
    try objective.visit(&state)
  }

  /// What a trainer among another number of workers goes on from, besides the model and its moments; before the first step
  /// where it is read. What else a method remembers begins anew.
  func visitCommon(_ state: inout StateVisitor) throws {
    try state.visit(&stepsInMoments)
    var (samples, seconds) = (samples, timer.seconds)
    try state.visit(&samples)
    try state.visit(&seconds)
    guard state.isReading else { return }
    guard samples >= 0 else { throw Failure(.badData, "the state of a run has used \(samples) samples") }
    clock.begin(afterStep: (samples + samplesPerStep - 1) / samplesPerStep)
    statistics.begin(afterSamples: steps * samplesPerStep)
    count?.begin(afterSamples: steps * samplesPerStep)
    try timer.goOn(from: seconds)
  }
}
