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
  private let communicator: Communicator
  private let workers: [WorkerState.Peer]
  private let reports: WorkerReports
  private let weights: AveragingWeights
  private let carriesMomentum: Bool
  /// x₀ of the round, of which only this worker's slice is kept up to date.
  private let anchor: ParameterVector?
  private let slice: JointUpdate

  init(_ exchange: Exchange, workers: [WorkerState.Peer], reports: WorkerReports, communicator: Communicator) {
    self.workers = workers
    self.reports = reports
    self.communicator = communicator
    weights = exchange.weights
    let own = workers[communicator.rank].vectors
    carriesMomentum = exchange.carriesMomentum
    anchor = weights == .normalized ? ParameterVector(copying: own.parameters) : nil
    slice = JointUpdate(
      workers.map { ($0.vectors.parameters, $0.vectors.momentum, $0.vectors.gradient) },
      part: communicator.rank, of: communicator.size)
    slice.touch()
  }

  var sharesMemory: Bool { true }

  func begin(_ own: WorkerReport) { own.write(to: workers[communicator.rank].report) }

  func poll() {}

  func awaitArrival() throws { try awaitAll() }

  /// A worker's report in shared memory is its next one as soon as it has gone on.
  func complete() {
    for rank in 0..<workers.count { reports.take(from: workers[rank].report, rank) }
  }

  func averageGradients() { slice.averageGradients(reports.meanFactor(weights)) }

  func averageModels(resetMomentum: Bool, step: SGDStep?) {
    for rank in 0..<workers.count {
      slice.setFactors(
        rank, model: weights.modelFactor(of: reports[rank]), momentum: weights.factor(of: reports[rank]))
    }
    slice.averageModels(
      reports.meanFactor(weights), momentum: resetMomentum ? .reset : carriesMomentum ? .average : .keep, step: step,
      anchor: anchor.map { ($0, Float(reports.meanSteps)) })
    for rank in 0..<workers.count { workers[communicator.rank].squares[rank] = slice.squares(rank) }
  }

  func settle() throws -> SquaredNorms {
    try awaitAll()
    return workers.reduce(into: SquaredNorms()) { $0 += $1.squares[communicator.rank] }
  }

  /// Returns when all workers are here, and what they wrote before is seen.
  private func awaitAll() throws {
    SharedMemory.fence()
    try communicator.barrier()
    SharedMemory.fence()
  }
}
