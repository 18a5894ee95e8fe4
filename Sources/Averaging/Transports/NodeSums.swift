import Kernels
import MessagePassing

/// Sums over all workers where nodes run several: over a node in memory that its workers share, then between nodes by
/// messages, so that numbers cross the network once for a node and not once for a worker.
///
///     node 0   worker 0  ▓▓▓▓▓▓▓▓░░░░░░░░      ▓ summed over its node by one worker of each; these exchange what they have,
///              worker 1  ▓▓▓▓▓▓▓▓░░░░░░░░      ░ by another of each, at the same time
///     node 1   worker 2  ▓▓▓▓▓▓▓▓░░░░░░░░
///              worker 3  ▓▓▓▓▓▓▓▓░░░░░░░░
///
/// There are as many slices as the smallest node has workers. A slice goes piece by piece: while some pieces travel, the
/// next is summed. Over a node the sum goes by rank, between nodes as MPI orders it: the same bits in every run.
final class NodeSums {
  /// The sums, which all workers of the node read.
  let result: JointUpdate.Source

  private typealias Lanes = ParameterVector.Lanes
  private enum Stage { case idle, gathering, exchanging, ending }

  private let exchange: MeanOfAll
  private let worker: WorkerState
  private let node: WorkerState.Node
  /// The workers that sum the same slice, one of each node; none where this one sums none.
  private let between: Communicator?
  private let slices: Int
  private let sources: JointUpdate
  private let parts: [JointUpdate.Part]
  /// Of `result`, by part.
  private let targets: [ParameterVector]
  private let underWay: [Piece]
  private var totalSamples = 1

  private var stage = Stage.idle
  private var barrier: Request?
  private var slice = 0..<0
  /// Pieces of the slice begun and ended so far.
  private var begun = 0
  private var ended = 0

  /// Some numbers of one part on their way between nodes.
  private final class Piece {
    /// What this node has.
    let own: AlignedBuffer<Lanes>
    var request: Request?

    init(_ count: Int) { own = AlignedBuffer(count: count) }
  }

  /// SIMD vectors of the shortest piece, 256 KiB, and how many pieces a slice has at most: shorter ones would cost more in
  /// messages, more of them would wait for the next call too often.
  private static let shortestPiece = 4096
  private static let mostPieces = 16
  /// How many travel at a time.
  private static let depth = 4

  /// Every rank of `all` must call it together.
  /// - Returns: nil, on every rank, where a node grants no memory for the sums.
  /// - Throws: `MPIError`.
  init?(_ exchange: MeanOfAll, of worker: WorkerState, on node: WorkerState.Node, _ all: Communicator) throws {
    (self.exchange, self.worker, self.node) = (exchange, worker, node)
    let own = exchange.source(worker.vectors)
    let (count, rank, workers) = (own.paddedCount, node.communicator.rank, node.communicator.size)
    // The segments of a node's workers side by side are one.
    let bytes = count * MemoryLayout<Float>.stride + AlignedBuffer<Float>.slack
    let memory = try SharedMemory.allocate(bytes: (bytes + workers - 1) / workers, on: node.communicator, of: all)
    slices = try Int(all.allReduce(Int64(workers), .minimum))
    between = try all.split(color: rank < slices ? rank : nil)
    guard let memory else { return nil }
    let numbers = memory.segment(of: 0).bindMemory(to: Float.self, capacity: count)
    result = JointUpdate.Source(AlignedBuffer(numbers, count: count, owner: memory), like: own)
    targets = result.all
    sources = JointUpdate(sources: node.peers.map { exchange.source($0.vectors) }, replicas: [])
    parts = Array(JointUpdate.Part.allCases.prefix(own.all.count))
    let longest = Self.pieceLength(of: (own.model.vectorCount + slices - 1) / slices)
    underWay = between == nil ? [] : (0..<Self.depth).map { _ in Piece(longest) }
  }

  private static func pieceLength(of slice: Int) -> Int {
    max(shortestPiece, (slice + mostPieces - 1) / mostPieces)
  }

  /// Begins a sum over `range`, in SIMD vectors; until `advance` is true, what is summed must not change.
  func begin(_ report: RoundReport, _ range: Range<Int>) throws {
    precondition(stage == .idle)
    report.write(to: node.peers[node.communicator.rank].report)
    totalSamples = report.totalSamples
    slice = between == nil ? 0..<0 : JointUpdate.slice(range, part: node.communicator.rank, of: slices)
    (begun, ended) = (0, 0)
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
      stage = .exchanging
      return try advance()
    case .exchanging:
      try exchangePieces()
      if ended == pieces { try beginBarrier(.ending) }
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

  // MARK: Between nodes

  private var pieces: Int {
    let length = Self.pieceLength(of: slice.count)
    return (slice.count + length - 1) / length * parts.count
  }

  private func exchangePieces() throws {
    while ended < begun {
      let piece = underWay[ended % underWay.count]
      guard try piece.request?.test() == true else { break }
      try piece.request.take()?.wait()
      ended += 1
    }
    while begun < pieces && begun - ended < underWay.count {
      try begin(piece: begun)
      begun += 1
    }
  }

  private func begin(piece index: Int) throws {
    let (piece, part) = (underWay[index % underWay.count], parts[index % parts.count])
    let length = Self.pieceLength(of: slice.count)
    let start = slice.lowerBound + index / parts.count * length
    let range = start..<min(start + length, slice.upperBound)
    let isRelative = exchange.weights == .normalized && part == .model
    sources.sum(part, range, relativeTo: isRelative ? worker[.anchor] : nil, into: piece.own.pointer)
    let numbers = range.count * Lanes.scalarCount
    let target = targets[part.rawValue].pointer + start * Lanes.scalarCount
    let own = UnsafeRawPointer(piece.own.pointer).assumingMemoryBound(to: Float.self)
    piece.request = try between!.beginAllReduce(
      UnsafeBufferPointer(start: own, count: numbers), into: UnsafeMutableBufferPointer(start: target, count: numbers),
      .sum, owner: self)
  }
}
