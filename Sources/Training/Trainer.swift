import Averaging
import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records

/// One worker's training: local SGD on its shard, and the exchanges that its method asks for.
///
/// `step` is Algorithm 1 of the paper read aloud: sample, begin averaging, gradient, finish averaging, step. After it is
/// made, a step allocates nothing.
public final class Trainer {
  public let method: Method
  public let worker: WorkerState
  public let timer = PhaseTimer()
  public let averager: Averager
  /// t: local steps done.
  public private(set) var steps = 0
  /// Σ over the samples of all batches since `takeLocalScore` was last called.
  public private(set) var localScore = BatchScore()
  public private(set) var localSamples = 0
  /// Ĝ²: the largest ‖g + λx‖² of a step so far; 0 with momentum.
  public private(set) var largestSquaredGradient = 0.0
  public private(set) var status = WorkerStatus.fine

  public var optimizer: LocalOptimizer
  public let batchSize: Int

  private let communicator: Communicator
  private let network: Network
  private let batches: BatchGatherer
  private let squaredGradient = AlignedBuffer<Double>(count: 1)

  /// - Precondition: `worker` has as many parameters as `network`, and is the same on every rank.
  public init(
    method: Method, optimizer: LocalOptimizer, worker: WorkerState, network: Network, batches: BatchGatherer,
    communicator: Communicator
  ) {
    precondition(worker.parameters.count == network.parameterCount)
    precondition((worker.momentum != nil) == (optimizer.momentum != 0))
    self.method = method
    self.optimizer = optimizer
    self.worker = worker
    self.network = network
    self.batches = batches
    self.communicator = communicator
    batchSize = batches.batchSize
    averager = Averager(method.exchange, worker: worker, communicator: communicator)
  }

  /// One local step, with an exchange where the schedule asks for one.
  /// - Throws: `AgreedFailure` on every rank when some worker diverged, `MPIError`.
  public func step() throws {
    steps += 1
    let isDue = method.schedule.isDue(at: steps)
    timer.enter(.data)
    batches.drawBatch()
    switch method.update {
    case .averageThenStep(let overlapped, let resetMomentum) where isDue:
      try beginAveraging()
      if !overlapped { try finishAveraging() }
      try computeGradient()
      optimizer.addWeightDecay(worker)
      if overlapped { try finishAveraging() }
      averager.applyModelAverage(resetMomentum: resetMomentum)
      takeLocalStep(decaying: false)
    case .stepThenAverage(let resetMomentum) where isDue:
      try computeGradientAndStep()
      try beginAveraging()
      try finishAveraging()
      averager.applyModelAverage(resetMomentum: resetMomentum)
    case .averagedGradient where isDue:
      try computeGradient()
      try beginAveraging()
      try finishAveraging()
      averager.applyGradientAverage()
      takeLocalStep(decaying: true)
    case .averageThenStep, .stepThenAverage, .averagedGradient:
      try computeGradientAndStep()
    }
    timer.enter(.other)
  }

  /// The gradient at the worker's own model, of the whole batch, in pieces that fit the network's activations.
  private func computeGradient() throws {
    for start in stride(from: 0, to: batchSize, by: network.maximumBatch) {
      let input = try forward(start..<min(start + network.maximumBatch, batchSize))
      timer.enter(.backward)
      let target = GradientTarget(gradient: worker.gradient.pointer, accumulating: start > 0)
      try network.backward(worker.parameters, input, target: target, poll: pollAveraging)
    }
    timer.enter(.update)
  }

  /// A step that nothing comes between: the gradient goes straight into it.
  private func computeGradientAndStep() throws {
    guard batchSize <= network.maximumBatch else {
      try computeGradient()
      return takeLocalStep(decaying: true)
    }
    let input = try forward(0..<batchSize)
    guard status == .fine else { return }
    timer.enter(.backward)
    squaredGradient.pointer.pointee = 0
    let target = GradientTarget(
      step: optimizer.arithmetic(decaying: true), parameters: worker.parameters.pointer,
      momentum: worker.momentum?.pointer, gradient: worker.gradient.pointer, squaredNorm: squaredGradient.pointer)
    try network.backward(worker.parameters, input, target: target, poll: pollAveraging)
    largestSquaredGradient = max(largestSquaredGradient, squaredGradient.pointer.pointee)
  }

  /// The forward pass of a part of the batch; notes where the loss stops being finite.
  private func forward(_ part: Range<Int>) throws -> Matrix {
    timer.enter(.data)
    let (input, labels) = batches.gather(part)
    timer.enter(.forward)
    let score = try network.forward(
      worker.parameters, input, labels: labels, scale: 1 / Float(batchSize), poll: pollAveraging)
    if !score.loss.isFinite && status == .fine { status = .diverged(step: steps, rank: communicator.rank) }
    localScore += score
    localSamples += part.count
    return input
  }

  private func takeLocalStep(decaying: Bool) {
    timer.enter(.update)
    // A worker that diverged stands still until the others know: its last sound model is left as it is.
    guard status == .fine else { return }
    largestSquaredGradient = max(largestSquaredGradient, optimizer.step(worker, decaying: decaying))
  }

  private func beginAveraging() throws {
    timer.enter(.average)
    try averager.begin(status: status)
  }

  private func pollAveraging() throws {
    guard averager.isPending else { return }
    let phase = timer.enter(.average)
    try averager.poll()
    timer.enter(phase)
  }

  private func finishAveraging() throws {
    timer.enter(.wait)
    try averager.awaitArrival()
    timer.enter(.average)
    let worst = try averager.complete()
    timer.enter(.update)
    try failIfDiverged(worst)
  }

  /// Brings any worker's trouble to all, outside an exchange; every rank must call it together.
  public func agreeOnStatus() throws {
    try failIfDiverged(averager.worstStatus(status))
  }

  private func failIfDiverged(_ worst: WorkerStatus) throws {
    guard let (step, rank) = worst.divergence else { return }
    let advice = "a smaller --learning-rate may help (it is \(optimizer.learningRate))"
    throw AgreedFailure(
      Failure(.diverged, "diverged: the loss of rank \(rank) is not finite at step \(step); \(advice)"), rank: rank)
  }

  /// The local score since the last call, which it forgets.
  public func takeLocalScore() -> (score: BatchScore, samples: Int) {
    defer { (localScore, localSamples) = (BatchScore(), 0) }
    return (localScore, localSamples)
  }
}
