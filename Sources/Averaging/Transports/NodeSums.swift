import Kernels
import MessagePassing

/// Sums over the workers of several nodes: over a node in memory that its workers share, then between nodes by messages, so
/// that numbers cross the network once for a node and not once for a worker.
///
///     node 0   worker 0  ▓▓▓▓▓▓▓▓░░░░░░░░      ▓ summed over its node by one worker of each; these exchange what they have,
///              worker 1  ▓▓▓▓▓▓▓▓░░░░░░░░      ░ by another of each, at the same time
///     node 1   worker 2  ▓▓▓▓▓▓▓▓░░░░░░░░
///              worker 3  ▓▓▓▓▓▓▓▓░░░░░░░░
///
/// There are as many slices as the smallest node has workers. Over a node the sum goes by rank, between nodes as
/// `SumBetweenNodes` orders it: the same bits in every run.
final class NodeSums {
  /// The sums, which all workers of the node read.
  let result: JointUpdate.Source

  private enum Stage { case idle, gathering, exchanging, ending }

  private let exchange: MeanOfAll
  private let node: WorkerState.Node
  private let slices: Int
  private let sources: JointUpdate
  /// Of this worker's slice; none where it has none.
  private let between: (any SumBetweenNodes)?
  private var slice = 0..<0
  private var totalSamples = 1
  private var stage = Stage.idle
  private var barrier: Request?

  /// Bytes of a slice for each node from which on a ring is the quicker way.
  private static let shortestChunk = 32 << 10

  /// Every rank of `all` must call it together.
  /// - Returns: nil, on every rank, where a node grants no memory for the sums.
  /// - Throws: `MPIError`.
  init?(_ exchange: MeanOfAll, of worker: WorkerState, on node: WorkerState.Node, _ all: Communicator) throws {
    (self.exchange, self.node) = (exchange, node)
    let own = exchange.source(worker.vectors)
    let (count, rank, workers) = (own.paddedCount, node.communicator.rank, node.communicator.size)
    // The segments of a node's workers side by side are one.
    let bytes = count * MemoryLayout<Float>.stride + AlignedBuffer<Float>.slack
    let memory = try SharedMemory.allocate(bytes: (bytes + workers - 1) / workers, on: node.communicator, of: all)
    slices = try Int(all.allReduce(Int64(workers), .minimum))
    let communicator = try all.split(color: rank < slices ? rank : nil)
    guard let memory else { return nil }
    let numbers = memory.segment(of: 0).bindMemory(to: Float.self, capacity: count)
    result = JointUpdate.Source(AlignedBuffer(numbers, count: count, owner: memory), like: own)
    sources = JointUpdate(sources: node.peers.map { exchange.source($0.vectors) }, replicas: [])
    let share = NodeShare(
      sources: sources, anchor: exchange.weights == .normalized ? worker[.anchor] : nil, targets: result.all)
    let longest = exchange.range(round: 0, of: own.model.vectorCount).count / slices + 1
    between = communicator.map { communicator -> any SumBetweenNodes in
      longest * MemoryLayout<NodeShare.Lanes>.stride < communicator.size * Self.shortestChunk
        ? ReducedSum(share, longest: longest, communicator: communicator)
        : RingSum(share, longest: longest, communicator: communicator)
    }
  }

  /// Begins a sum over `range`, in SIMD vectors; until `advance` is true, what is summed must not change.
  func begin(_ report: RoundReport, _ range: Range<Int>) throws {
    precondition(stage == .idle)
    report.write(to: node.peers[node.communicator.rank].report)
    totalSamples = report.totalSamples
    slice = between == nil ? 0..<0 : JointUpdate.slice(range, part: node.communicator.rank, of: slices)
    try beginBarrier(.gathering)
  }

  /// Goes on as far as it can without waiting.
  /// - Returns: whether the sums are there.
  func advance() throws -> Bool {
    switch stage {
    case .idle: return true
    case .gathering:
      guard try passBarrier() else { return false }
      setFactors()
      try between?.begin(slice)
      stage = .exchanging
      return try advance()
    case .exchanging:
      if try between?.advance() != false { try beginBarrier(.ending) }
    case .ending:
      if try passBarrier() { stage = .idle }
    }
    return stage == .idle
  }

  // MARK: Over the node

  private func beginBarrier(_ stage: Stage) throws {
    SharedMemory.fence()
    barrier = try node.communicator.beginBarrier()
    self.stage = stage
  }

  private func passBarrier() throws -> Bool {
    guard try barrier?.test() == true else { return false }
    try barrier.take()?.wait()
    SharedMemory.fence()
    return true
  }

  private func setFactors() {
    for (rank, peer) in node.peers.enumerated() {
      let report = RoundReport(peer.report, totalSamples: totalSamples)
      sources.setFactors(
        rank, model: exchange.weights.modelFactor(of: report), momentum: exchange.weights.factor(of: report))
    }
  }
}
