import Kernels
import MessagePassing

/// Averages over several nodes, by `NodeSums`, which may be formed while workers compute.
///
/// What every worker reports is reduced apart from the numbers, as where all numbers are messages.
final class NodeTransport: Transport {
  private let exchange: MeanOfAll
  private let worker: WorkerState
  private let replicas: [WorkerVectors]
  private let sums: NodeSums
  private let pass: JointUpdate
  private let reports: ReportReduction
  private let tookPart = AlignedBuffer<Bool>(count: 1)
  private let workers: Int
  private var round = 0

  init(_ exchange: MeanOfAll, worker: WorkerState, sums: NodeSums, communicator: Communicator) {
    self.exchange = exchange
    self.worker = worker
    self.sums = sums
    replicas = [worker.vectors]
    pass = JointUpdate(sources: [sums.result], replicas: [worker.vectors.replica])
    reports = ReportReduction(communicator)
    workers = communicator.size
    pass.touch(portions[0])
  }

  var medium: Medium { .nodes }

  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  private var range: Range<Int> { exchange.range(round: round, of: worker.parameters.vectorCount) }

  func payloadBytes(round: Int) -> Int {
    exchange.payloadBytes(
      round: round, parameterCount: worker.parameters.count, moments: worker.vectors.moments)
  }

  func traffic(round: Int) -> Traffic { .sum(bytes: payloadBytes(round: round), members: 0..<workers) }

  func begin(_ own: RoundReport, round: Int) throws {
    self.round = round
    tookPart[0] = own.takesPart
    try reports.begin(own)
    try sums.begin(own, range)
  }

  func poll() throws { _ = try sums.advance() }

  func awaitArrival() throws {
    while try !reports.test() { try poll() }
    try reports.wait()
  }

  func complete() throws -> Average {
    while try !sums.advance() {}
    let reports = reports.result
    let progress =
      exchange.weights == .normalized
      ? JointUpdate.Progress(from: worker[.anchor], steps: Float(reports.meanSteps), sourcesAreRelative: true) : nil
    return Average(
      reports: reports, pass: pass, range: range, factor: exchange.weights.meanFactor(reports), progress: progress,
      replicas: replicas, worker: worker, carriesMomentum: exchange.carriesMomentum, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }
}
