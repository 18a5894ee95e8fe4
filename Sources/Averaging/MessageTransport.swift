import Kernels
import MessagePassing

/// Averages by a reduction over all workers, which may run while they compute.
///
/// The reports are gathered apart from the numbers, so that their arrival tells when the last worker joined: until then a
/// worker waits; from then on data move.
final class MessageTransport: Transport {
  private let communicator: Communicator
  private let worker: WorkerVectors
  private let weights: AveragingWeights
  private let carriesMomentum: Bool
  /// What is sent: the worker's vectors themselves, or a weighted copy.
  private let source: UnsafeBufferPointer<Float>
  private let weighted: AlignedBuffer<Float>?
  /// x₀ of the round, to which normalized weights refer.
  private let anchor: ParameterVector?
  /// Where the sums arrive: of x and, where it travels, of u. Those of a single worker are what it would send.
  private let sum: AlignedBuffer<Float>?
  private let ownReport = AlignedBuffer<Int64>(count: WorkerReport.wordCount)
  private let reports: WorkerReports
  private var arrival: Request?
  private var reduction: Request?
  private var squares = SquaredNorms()

  init(_ exchange: Exchange, worker: WorkerVectors, reports: WorkerReports, communicator: Communicator) {
    self.worker = worker
    self.reports = reports
    self.communicator = communicator
    weights = exchange.weights
    carriesMomentum = exchange.carriesMomentum && worker.momentum != nil
    let count = worker.parameters.count
    let together = (carriesMomentum ? ParameterVector.paddedCount(count) : 0) + count
    weighted = weights == .equal ? nil : AlignedBuffer(count: ParameterVector.paddedCount(together))
    let own = exchange == .gradients ? worker.gradient : worker.parameters
    source = UnsafeBufferPointer(start: weighted?.pointer ?? own.pointer, count: together)
    anchor = weights == .normalized ? ParameterVector(copying: worker.parameters) : nil
    sum = communicator.size == 1 ? nil : AlignedBuffer(count: ParameterVector.paddedCount(together))
  }

  var sharesMemory: Bool { false }

  func begin(_ own: WorkerReport) throws {
    fillWeighted(own)
    own.write(to: ownReport.pointer)
    arrival = try communicator.beginAllGather(
      UnsafeBufferPointer(ownReport.elements), into: reports.words.elements, owner: self)
    reduction = try sum.map {
      try communicator.beginAllReduce(
        source, into: UnsafeMutableBufferPointer(start: $0.pointer, count: source.count), .sum, owner: self)
    }
  }

  /// MPI makes no progress between calls.
  func poll() throws { _ = try reduction?.test() }

  func awaitArrival() throws { try arrival.take()?.wait() }

  func complete() throws { try reduction.take()?.wait() }

  func averageGradients() {
    _ = worker.gradient.assign(reports.meanFactor(weights), times: summed(worker.gradient))
  }

  func averageModels(resetMomentum: Bool, step: SGDStep?) {
    let (x, factor, sum) = (worker.parameters, reports.meanFactor(weights), summed(worker.parameters))
    if let anchor { moveAnchor(anchor, sum, Float(reports.meanSteps)) }
    if resetMomentum { worker.momentum?.setToZero() }
    let momentumSum = resetMomentum ? nil : summedMomentum
    squares = SquaredNorms()
    switch (step, worker.momentum) {
    case (nil, let momentum):
      squares.deviation = x.assign(factor, times: sum)
      if let momentumSum { _ = momentum?.assign(factor, times: momentumSum) }
    case (let step?, nil):
      (squares.deviation, squares.gradient) = x.descend(step, gradient: worker.gradient, fromMean: factor, of: sum)
    case (let step?, let momentum?):
      squares.deviation = x.descend(
        step, gradient: worker.gradient, momentumBuffer: momentum, fromMean: factor, of: sum, momentumSum: momentumSum)
    }
  }

  func settle() -> SquaredNorms { squares }

  /// Turns the sum Σ p_i (x_i − x₀)/τ_i into x̄ = x₀ + τ Σ …, which is the next round's x₀.
  private func moveAnchor(_ anchor: ParameterVector, _ sum: ParameterVector, _ steps: Float) {
    sum.scale(by: steps)
    sum.add(1, times: anchor)
    anchor.copy(from: sum)
  }

  /// Copies the worker's vectors, each number times the worker's weight, where weights are not equal.
  private func fillWeighted(_ own: WorkerReport) {
    guard let weighted else { return }
    let model = ParameterVector(weighted, count: worker.parameters.count)
    _ = model.assign(weights.modelFactor(of: own), times: worker.parameters)
    if let anchor { model.add(-weights.modelFactor(of: own), times: anchor) }
    if carriesMomentum, let momentum = worker.momentum {
      _ = momentumPart(of: weighted).assign(weights.factor(of: own), times: momentum)
    }
  }

  private func momentumPart(of buffer: AlignedBuffer<Float>) -> ParameterVector {
    let count = worker.parameters.count
    return ParameterVector(buffer, offset: ParameterVector.paddedCount(count), count: count)
  }

  /// Σ over the workers of what they sent of x, or of g.
  private func summed(_ own: ParameterVector) -> ParameterVector {
    (sum ?? weighted).map { ParameterVector($0, count: own.count) } ?? own
  }

  /// Σ of what they sent of u; nil where they sent none.
  private var summedMomentum: ParameterVector? {
    guard carriesMomentum else { return nil }
    return (sum ?? weighted).map { momentumPart(of: $0) } ?? worker.momentum
  }
}
