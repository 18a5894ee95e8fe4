import Kernels
import MessagePassing

/// Carries out the exchanges of a method: begins them, lets them progress, finishes them and applies the result.
///
/// With each exchange travel the workers' reports. They are gathered apart from the data, so that their arrival tells
/// when the last worker joined (until then a worker waits; from then on data move), and they bring any worker's trouble
/// to all of them in the same round.
public final class Averager {
  /// Exchanges finished so far.
  public private(set) var rounds = 0
  /// Numbers that this worker has contributed so far, in bytes; alignment and reports are not counted.
  public private(set) var bytesSent = 0
  /// ‖x̄ − x_i‖² just before the last averaging of models.
  public private(set) var squaredDeviation = 0.0
  /// Whether an exchange is under way.
  public private(set) var isPending = false

  private let communicator: Communicator
  private let worker: WorkerState
  private let weights: AveragingWeights
  /// What is sent: the worker's state itself, or a weighted copy.
  private let source: UnsafeBufferPointer<Float>
  private let weighted: AlignedBuffer<Float>?
  /// x₀, where the weights refer to it.
  private let anchor: ParameterVector?
  /// Where the sums arrive: of x and, where it travels, of u. Those of a single worker are what it would send.
  private let sum: AlignedBuffer<Float>?
  private let ownReport = AlignedBuffer<Int64>(count: WorkerReport.wordCount)
  private let allReports: AlignedBuffer<Int64>
  private var arrival: Request?
  private var reduction: Request?

  /// - Parameter worker: holds its initial model already.
  public init(_ exchange: Exchange, worker: WorkerState, communicator: Communicator) {
    self.worker = worker
    self.communicator = communicator
    let count = worker.parameters.count
    switch exchange {
    case .gradients:
      weights = .equal
      weighted = nil
      source = UnsafeBufferPointer(start: worker.gradient.pointer, count: count)
    case .models(let momentum, let weights):
      self.weights = weights
      let both = momentum && worker.momentum != nil
      let together = (both ? ParameterVector.paddedCount(count) : 0) + count
      weighted = weights == .equal ? nil : AlignedBuffer(count: ParameterVector.paddedCount(together))
      source = UnsafeBufferPointer(start: weighted?.pointer ?? worker.parameters.pointer, count: together)
    }
    anchor = weights == .normalized ? ParameterVector(count: count) : nil
    anchor?.copy(from: worker.parameters)
    sum = communicator.size == 1 ? nil : AlignedBuffer(count: ParameterVector.paddedCount(source.count))
    allReports = AlignedBuffer(count: WorkerReport.wordCount * communicator.size)
  }

  private var carriesMomentum: Bool { source.count > worker.parameters.count }

  /// How many numbers of a worker's own go into one exchange.
  public var payloadCount: Int { (carriesMomentum ? 2 : 1) * worker.parameters.count }

  // MARK: Exchange

  /// Begins an exchange of the worker's state as it is now; until `complete` the state must not change.
  public func begin(_ report: WorkerReport) throws {
    precondition(!isPending, "one exchange at a time")
    report.write(to: ownReport.pointer)
    fillWeighted(report)
    arrival = try communicator.beginAllGather(
      UnsafeBufferPointer(ownReport.elements), into: allReports.elements, owner: self)
    reduction = try sum.map {
      try communicator.beginAllReduce(
        source, into: UnsafeMutableBufferPointer(start: $0.pointer, count: source.count), .sum, owner: self)
    }
    isPending = true
  }

  /// Lets the exchange under way, if any, make progress: MPI does none of its own between calls.
  public func poll() throws {
    if isPending { _ = try reduction?.test() }
  }

  /// Returns when every worker has begun this exchange.
  public func awaitArrival() throws {
    try arrival.take()?.wait()
  }

  /// Returns when the sums are here.
  /// - Returns: the worst status of all workers.
  public func complete() throws -> WorkerStatus {
    try awaitArrival()
    try reduction.take()?.wait()
    isPending = false
    rounds += 1
    bytesSent += payloadCount * MemoryLayout<Float>.size
    var worst = WorkerStatus.fine
    for rank in 0..<communicator.size where report(of: rank).status.word < worst.word {
      worst = report(of: rank).status
    }
    return worst
  }

  /// What the worker of `rank` reported with the last exchange.
  public func report(of rank: Int) -> WorkerReport {
    WorkerReport(words: allReports.pointer + WorkerReport.wordCount * rank)
  }

  /// The worst status of all workers, outside an exchange; every rank must call it together.
  public func worstStatus(_ own: WorkerStatus) throws -> WorkerStatus {
    WorkerStatus(word: try communicator.allReduce(own.word, .minimum))
  }

  // MARK: Weights

  /// Copies the worker's state, each number times the worker's weight, where weights are not equal.
  private func fillWeighted(_ own: WorkerReport) {
    guard let weighted else { return }
    let model = ParameterVector(weighted, count: worker.parameters.count)
    let factor = ownFactor(own)
    if let anchor {
      // p_i (x_i − x₀) / τ_i.
      let perStep = factor / Float(own.steps)
      _ = model.assign(perStep, times: worker.parameters)
      model.add(-perStep, times: anchor)
    } else {
      _ = model.assign(factor, times: worker.parameters)
    }
    if carriesMomentum, let momentum = worker.momentum {
      _ = momentumPart(of: weighted).assign(factor, times: momentum)
    }
  }

  private func ownFactor(_ own: WorkerReport) -> Float {
    switch weights {
    case .equal: 1
    case .steps: Float(own.steps)
    case .samples, .normalized: Float(own.sampleShare)
    }
  }

  /// What the sum is multiplied by.
  private var meanFactor: Float {
    switch weights {
    case .equal: 1 / Float(communicator.size)
    case .steps: 1 / Float((0..<communicator.size).reduce(0) { $0 + report(of: $1).steps })
    case .samples, .normalized: 1
    }
  }

  private func momentumPart(of buffer: AlignedBuffer<Float>) -> ParameterVector {
    let count = worker.parameters.count
    return ParameterVector(buffer, offset: ParameterVector.paddedCount(count), count: count)
  }

  // MARK: Result

  /// Σ over the workers of what they sent of x, or of g.
  private func summed(_ own: ParameterVector) -> ParameterVector {
    (sum ?? weighted).map { ParameterVector($0, count: own.count) } ?? own
  }

  /// Σ of what they sent of u; nil where they sent none.
  private var summedMomentum: ParameterVector? {
    guard carriesMomentum else { return nil }
    return (sum ?? weighted).map { momentumPart(of: $0) } ?? worker.momentum
  }

  /// g ← ḡ.
  public func applyGradientAverage() {
    _ = worker.gradient.assign(meanFactor, times: summed(worker.gradient))
  }

  /// x ← x̄ and, where they travelled, u ← ū; or u ← 0 when `resetMomentum`.
  public func applyModelAverage(resetMomentum: Bool) {
    let summed = completeSum()
    squaredDeviation = worker.parameters.assign(meanFactor, times: summed)
    guard let momentum = worker.momentum else { return }
    if resetMomentum {
      momentum.setToZero()
    } else if let summedMomentum {
      _ = momentum.assign(meanFactor, times: summedMomentum)
    }
  }

  /// `applyModelAverage`, and then the step with the gradient of the worker's own model from before, all in one pass.
  /// - Returns: ‖g + λx‖² of plain SGD, 0 with momentum.
  public func applyModelAverage(resetMomentum: Bool, andStep step: SGDStep) -> Double {
    let summed = completeSum()
    guard let momentum = worker.momentum else {
      let squares = worker.parameters.descend(step, gradient: worker.gradient, fromMean: meanFactor, of: summed)
      squaredDeviation = squares.squaredDeviation
      return squares.squaredNorm
    }
    if resetMomentum { momentum.setToZero() }
    squaredDeviation = worker.parameters.descend(
      step, gradient: worker.gradient, momentumBuffer: momentum, fromMean: meanFactor, of: summed,
      momentumSum: resetMomentum ? nil : summedMomentum)
    return 0
  }

  /// The sum whose mean is x̄, which becomes the next round's anchor where there is one.
  private func completeSum() -> ParameterVector {
    let summed = summed(worker.parameters)
    guard let anchor else { return summed }
    // τ = Σ p_i τ_i.
    let meanSteps = (0..<communicator.size).reduce(0) { sum, rank in
      sum + report(of: rank).sampleShare * Double(report(of: rank).steps)
    }
    summed.scale(by: Float(meanSteps))
    summed.add(1, times: anchor)
    _ = anchor.assign(meanFactor, times: summed)
    return summed
  }
}
