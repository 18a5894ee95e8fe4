import Kernels
import MessagePassing

/// Averages by a reduction over all workers, which may run while they compute.
///
/// The reports are reduced apart from the numbers, so that their arrival tells when the last worker joined: until then a
/// worker waits; from then on data move.
final class MessageTransport: Transport {
  private let exchange: MeanOfAll
  private let communicator: Communicator
  private let worker: WorkerState
  private let replicas: [WorkerVectors]
  /// What is sent, side by side: the worker's vectors themselves, or a weighted copy.
  private let source: UnsafePointer<Float>
  private let weighted: AlignedBuffer<Float>?
  /// Where the sums arrive. Those of a single worker are what it would send.
  private let sum: AlignedBuffer<Float>?
  private let pass: JointUpdate
  private let reports: ReportReduction
  private var reduction: Request?
  private let tookPart = AlignedBuffer<Bool>(count: 1)
  private var round = 0

  init(_ exchange: MeanOfAll, worker: WorkerState, communicator: Communicator) {
    self.exchange = exchange
    self.communicator = communicator
    reports = ReportReduction(communicator)
    self.worker = worker
    replicas = [worker.vectors]
    let source = exchange.source(worker.vectors)
    let numbers = source.paddedCount
    weighted = exchange.weights == .equal && !exchange.isPartial ? nil : AlignedBuffer(count: numbers)
    self.source = UnsafePointer(weighted?.pointer ?? source.model.pointer)
    sum = communicator.size == 1 ? nil : AlignedBuffer(count: numbers)
    let arrived = (sum ?? weighted).map { JointUpdate.Source($0, like: source) } ?? source
    pass = JointUpdate(sources: [arrived], replicas: [worker.vectors.replica])
  }

  var medium: Medium { .messages }

  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  func payloadBytes(round: Int) -> Int {
    exchange.payloadBytes(
      round: round, parameterCount: worker.parameters.count, moments: worker.vectors.moments)
  }

  func traffic(round: Int) -> Traffic { .sum(bytes: payloadBytes(round: round), members: 0..<communicator.size) }

  func begin(_ own: RoundReport, round: Int) throws {
    self.round = round
    tookPart[0] = own.takesPart
    if let weighted { fill(weighted, own) }
    try reports.begin(own)
    let numbers = travelling
    guard let sum, !numbers.isEmpty else { return }
    reduction = try communicator.beginAllReduce(
      UnsafeBufferPointer(start: source + numbers.lowerBound, count: numbers.count),
      into: UnsafeMutableBufferPointer(start: sum.pointer + numbers.lowerBound, count: numbers.count), .sum, owner: self
    )
  }

  /// The numbers of `source` that travel in this round.
  private var travelling: Range<Int> {
    let (count, moments) = (worker.parameters.count, worker.vectors.moments)
    if exchange.carriesMomentum && moments > 0 { return 0..<moments * ParameterVector.paddedCount(count) + count }
    return exchange.numbers(round: round, of: count)
  }

  func poll() throws { _ = try reduction?.test() }

  func awaitArrival() throws { try reports.wait() }

  func complete() throws -> Average {
    try reduction.take()?.wait()
    let reports = reports.result
    let progress =
      exchange.weights == .normalized
      ? JointUpdate.Progress(from: worker[.anchor], steps: Float(reports.meanSteps), sourcesAreRelative: true) : nil
    return Average(
      reports: reports, pass: pass, range: exchange.range(round: round, of: worker.parameters.vectorCount),
      factor: exchange.weights.meanFactor(reports), progress: progress, replicas: replicas, worker: worker,
      carriesMomentum: exchange.carriesMomentum, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }

  /// Copies the worker's vectors, each number times the worker's weight.
  private func fill(_ weighted: AlignedBuffer<Float>, _ own: RoundReport) {
    let source = exchange.source(worker.vectors)
    let copy = JointUpdate.Source(weighted, like: source)
    let (factor, momentFactor) = (exchange.weights.modelFactor(of: own), exchange.weights.factor(of: own))
    _ = copy.model.assign(factor, times: source.model)
    if exchange.weights == .normalized { copy.model.add(-factor, times: worker[.anchor]) }
    if let momentum = source.momentum { _ = copy.momentum!.assign(momentFactor, times: momentum) }
    if let second = source.secondMoment { _ = copy.secondMoment!.assign(momentFactor, times: second) }
  }
}
