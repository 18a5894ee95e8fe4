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
  /// Numbers of each vector that are averaged and then stepped at a time: the first-level cache holds them.
  private static let blockCount = 2048

  /// Such a part of the vectors of all workers.
  private struct Block {
    let range: Range<Int>
    let workers: [WorkerVectors]
    /// Scratch, the same for all blocks.
    let sum: ParameterVector
    let momentumSum: ParameterVector?
  }

  private let communicator: Communicator
  private let weights: AveragingWeights
  private let anchor: AveragingAnchor?
  /// This worker's slice.
  private let blocks: [Block]
  private let workers: [WorkerState.Peer]

  init(_ exchange: Exchange, workers: [WorkerState.Peer], communicator: Communicator) {
    self.communicator = communicator
    weights = exchange.weights
    self.workers = workers
    let own = workers[communicator.rank].vectors
    anchor = weights == .normalized ? AveragingAnchor(own.parameters) : nil
    let slice = Self.slice(communicator.rank, of: communicator.size, count: own.parameters.count)
    let sum = ParameterVector(count: Self.blockCount)
    let momentumSum =
      exchange.carriesMomentum && own.momentum != nil ? ParameterVector(count: Self.blockCount) : nil
    blocks = stride(from: slice.lowerBound, to: slice.upperBound, by: Self.blockCount).map { first in
      let range = first..<min(first + Self.blockCount, slice.upperBound)
      return Block(
        range: range, workers: workers.map { $0.vectors.slice(range) }, sum: sum.slice(0..<range.count),
        momentumSum: momentumSum?.slice(0..<range.count))
    }
    touch()
  }

  /// Looks at every page that an exchange will touch, which takes the system some time once.
  private func touch() {
    for worker in blocks.flatMap(\.workers) {
      for part in [worker.parameters, worker.gradient] + (worker.momentum.map { [$0] } ?? []) {
        _ = part.squaredNorm()
      }
    }
  }

  /// Whole SIMD vectors, as many for all as can be.
  private static func slice(_ rank: Int, of size: Int, count: Int) -> Range<Int> {
    let unit = ParameterVector.Lanes.scalarCount
    let vectors = ParameterVector.paddedCount(count) / unit
    return rank * vectors / size * unit..<(rank + 1) * vectors / size * unit
  }

  var sharesMemory: Bool { true }

  func begin(_ own: WorkerReport) { own.write(to: workers[communicator.rank].report) }

  func poll() {}

  func awaitArrival() throws { try awaitAll() }

  func complete(_ reports: WorkerReports) {
    for rank in 0..<workers.count { reports.take(from: workers[rank].report, rank) }
  }

  func averageGradients(_ reports: WorkerReports) throws {
    let factor = reports.meanFactor(weights)
    for block in blocks {
      addUp(block.sum, block.workers.count, { block.workers[$0].gradient }, times: { _ in 1 })
      for worker in block.workers { _ = worker.gradient.assign(factor, times: block.sum) }
    }
    try awaitAll()
  }

  func averageModels(_ reports: WorkerReports, _ application: AverageApplication) throws -> SquaredNorms {
    let factor = reports.meanFactor(weights)
    let ownSquares = workers[communicator.rank].squares
    ownSquares.update(repeating: SquaredNorms(), count: workers.count)
    for block in blocks {
      addUp(block, reports)
      for (rank, worker) in block.workers.enumerated() {
        ownSquares[rank] += application.apply(to: worker, factor, of: block.sum, momentumSum: block.momentumSum)
      }
    }
    try awaitAll()
    return workers.reduce(into: SquaredNorms()) { $0 += $1.squares[communicator.rank] }
  }

  /// The block's sums ← Σ over the workers of what each contributes.
  private func addUp(_ block: Block, _ reports: WorkerReports) {
    let workers = block.workers
    let factor = { [weights] in weights.modelFactor(of: reports[$0]) }
    addUp(block.sum, workers.count, { workers[$0].parameters }, times: factor)
    if let anchor {
      for rank in 0..<workers.count { anchor.subtract(factor(rank), from: block.sum, block.range) }
      anchor.move(by: block.sum, reports, block.range)
    }
    if let sum = block.momentumSum {
      addUp(sum, workers.count, { workers[$0].momentum! }, times: { [weights] in weights.factor(of: reports[$0]) })
    }
  }

  /// sum ← Σ over the ranks of factor · part, in their order; there are at least two.
  private func addUp(
    _ sum: ParameterVector, _ ranks: Int, _ part: (Int) -> ParameterVector, times factor: (Int) -> Float
  ) {
    sum.assign(factor(0), times: part(0), plus: factor(1), times: part(1))
    for rank in 2..<ranks { sum.add(factor(rank), times: part(rank)) }
  }

  /// Returns when all workers are here, and what they wrote before is seen.
  private func awaitAll() throws {
    SharedMemory.fence()
    try communicator.barrier()
    SharedMemory.fence()
  }
}
