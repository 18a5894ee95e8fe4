import Kernels
import MessagePassing

/// Averages where all workers share memory: each worker takes one slice of the vectors, and there sums over all workers,
/// applies the result to all of them, and takes the step of all of them.
///
///     worker 0   ▓▓▓▓▓▓▓▓░░░░░░░░░░░░░░░░      ▓ read, averaged and stepped by worker 0,
///     worker 1   ▓▓▓▓▓▓▓▓░░░░░░░░░░░░░░░░      ░ by the others, at the same time
///     worker 2   ▓▓▓▓▓▓▓▓░░░░░░░░░░░░░░░░
///
/// No number is copied, and however many workers there are, each reads and writes as much as in a step of its own. The sum
/// goes by rank: the same bits in every run.
final class SharedMemoryTransport: Transport {
  private let exchange: MeanOfAll
  private let communicator: Communicator
  private let worker: WorkerState
  /// The workers that are averaged, by their rank in `communicator`.
  private let peers: [WorkerState.Peer]
  private let replicas: [WorkerVectors]
  private let pass: JointUpdate
  private let reduced: AlignedBuffer<UInt8>
  private let tookPart: AlignedBuffer<Bool>
  private var own = RoundReport()
  private var round = 0

  init(
    _ exchange: MeanOfAll, worker: WorkerState, among peers: [WorkerState.Peer], communicator: Communicator
  ) {
    self.exchange = exchange
    self.communicator = communicator
    self.worker = worker
    self.peers = peers
    replicas = peers.map(\.vectors)
    tookPart = AlignedBuffer(count: peers.count)
    pass = JointUpdate(sources: replicas.map(exchange.source), replicas: replicas.map(\.replica))
    reduced = AlignedBuffer(count: ReportWords.bytes)
    for portion in portions { pass.touch(portion) }
  }

  var medium: Medium { .sharedMemory }

  var portions: [Range<Int>] {
    (0..<exchange.fragments).map { slice(of: exchange.range(round: $0, of: worker.parameters.vectorCount)) }
  }

  private func slice(of range: Range<Int>) -> Range<Int> {
    JointUpdate.slice(range, part: communicator.rank, of: communicator.size)
  }

  func payloadBytes(round: Int) -> Int {
    exchange.payloadBytes(
      round: round, parameterCount: worker.parameters.count, moments: worker.vectors.moments)
  }

  func traffic(round: Int) -> Traffic { .sum(bytes: payloadBytes(round: round), members: 0..<communicator.size) }

  func begin(_ own: RoundReport, round: Int) {
    (self.own, self.round) = (own, round)
    own.write(to: peers[communicator.rank].report)
  }

  func poll() {}

  func awaitArrival() throws { try awaitAll() }

  /// A worker's report in shared memory is its next one as soon as it has gone on.
  func complete() -> Average {
    let words = ReportWords(at: reduced.pointer)
    words.clear()
    for (rank, peer) in peers.enumerated() {
      words.add(peer.report)
      let report = RoundReport(peer.report, totalSamples: own.totalSamples)
      tookPart[rank] = report.takesPart
      pass.setFactors(
        rank, model: exchange.weights.modelFactor(of: report), momentum: exchange.weights.factor(of: report))
    }
    let reports = RoundReports(words)
    let progress =
      exchange.weights == .normalized
      ? JointUpdate.Progress(from: worker[.anchor], steps: Float(reports.meanSteps), sourcesAreRelative: false) : nil
    return Average(
      reports: reports, pass: pass, range: slice(of: exchange.range(round: round, of: worker.parameters.vectorCount)),
      factor: exchange.weights.meanFactor(reports), progress: progress, replicas: replicas, worker: worker,
      carriesMomentum: exchange.carriesMomentum, tookPart: tookPart)
  }

  func settle(_ average: Average) throws -> SquaredNorms {
    let own = communicator.rank
    for rank in 0..<peers.count { peers[own].squares[rank] = pass.squares(rank) }
    try awaitAll()
    return peers.reduce(into: SquaredNorms()) { $0 += $1.squares[own] }
  }

  /// Returns when all workers are here, and what they wrote before is seen.
  private func awaitAll() throws {
    SharedMemory.fence()
    try communicator.barrier()
    SharedMemory.fence()
  }
}
