import Kernels
import MessagePassing

/// Round a ring of the nodes, which sends each number as seldom as can be (Patarasuk, Yuan 2009): for long vectors.
///
/// A slice has a chunk for each node. A chunk goes once round the ring and each node adds what it has; then it goes round as
/// the sum. With n nodes each sends 2 (n − 1)/n of the slice. Chunks go in pieces: while some travel, others are summed over
/// their nodes. The order of a chunk's sum is that of the ring.
final class RingSum: SumBetweenNodes {
  private typealias Lanes = NodeShare.Lanes

  private let share: NodeShare
  private let communicator: Communicator
  private let underWay: [Turn]
  private var slice = 0..<0
  private let piecesOfChunk: Int
  /// Turns begun and ended so far: one for each piece of a chunk and each part of the vectors.
  private var begun = 0
  private var ended = 0

  /// The same piece of every chunk, on their way round.
  private final class Turn {
    let sending: AlignedBuffer<Lanes>
    let arriving: AlignedBuffer<Lanes>
    var send: Request?
    var receive: Request?
    var index = 0
    /// 2 (n − 1) of them.
    var step = 0

    init(_ count: Int) {
      sending = AlignedBuffer(count: count)
      arriving = AlignedBuffer(count: count)
    }
  }

  /// SIMD vectors of the shortest piece, 256 KiB, and how many pieces a chunk has at most: shorter ones would cost more in
  /// messages, more of them would wait for the next call too often.
  private static let shortestPiece = 4096
  private static let mostPieces = 16
  /// How many pieces travel at a time.
  private static let depth = 4

  /// - Parameter longest: SIMD vectors of the longest slice.
  init(_ share: NodeShare, longest: Int, communicator: Communicator) {
    self.share = share
    self.communicator = communicator
    let chunk = longest / communicator.size + 1
    let pieces = max(1, min(chunk / Self.shortestPiece, Self.mostPieces))
    piecesOfChunk = pieces
    underWay = (0..<Self.depth).map { _ in Turn(chunk / pieces + 1) }
  }

  func begin(_ slice: Range<Int>) throws {
    self.slice = slice
    (begun, ended) = (0, 0)
  }

  func advance() throws -> Bool {
    let turns = piecesOfChunk * share.targets.count
    while ended < turns {
      while begun < turns && begun - ended < underWay.count {
        try begin(turn: begun)
        begun += 1
      }
      for index in ended..<begun { try advance(underWay[index % underWay.count]) }
      guard isOver(underWay[ended % underWay.count]) else { return false }
      ended += 1
    }
    return true
  }

  private func isOver(_ turn: Turn) -> Bool { turn.step == 2 * (communicator.size - 1) }

  private func part(_ turn: Turn) -> Int { turn.index % share.targets.count }

  /// The turn's piece of the chunk that is `back` nodes behind this one's.
  private func piece(_ turn: Turn, _ back: Int) -> Range<Int> {
    let n = communicator.size
    let chunk = JointUpdate.slice(slice, part: (communicator.rank - back + 2 * n) % n, of: n)
    return JointUpdate.slice(chunk, part: turn.index / share.targets.count, of: piecesOfChunk)
  }

  private func begin(turn index: Int) throws {
    let turn = underWay[index % underWay.count]
    (turn.index, turn.step) = (index, 0)
    share.form(part(turn), piece(turn, 0), into: turn.sending.pointer)
    try post(turn)
  }

  /// Begins to send and to receive what the turn's step wants.
  private func post(_ turn: Turn) throws {
    let (n, part) = (communicator.size, part(turn))
    // On the second way round a sum comes from the node before, which finished it, and goes where it belongs.
    let isSum = turn.step >= n - 1
    let back = isSum ? turn.step - n : turn.step
    let (sent, received) = (piece(turn, back), piece(turn, back + 1))
    let tag = turn.index % underWay.count
    if !received.isEmpty {
      let place = isSum ? share.target(part, received) : turn.arriving.pointer
      turn.receive = try communicator.beginReceive(
        into: NodeShare.numbers(place, received.count), from: (communicator.rank + n - 1) % n, tag: tag, owner: self)
    }
    if !sent.isEmpty {
      let place = isSum ? share.target(part, sent) : turn.sending.pointer
      turn.send = try communicator.beginSend(
        UnsafeBufferPointer(NodeShare.numbers(place, sent.count)), to: (communicator.rank + 1) % n, tag: tag,
        owner: self)
    }
  }

  private func advance(_ turn: Turn) throws {
    while !isOver(turn) {
      // Both, so that both make progress.
      let (hasArrived, hasLeft) = (try turn.receive?.test() != false, try turn.send?.test() != false)
      guard hasArrived && hasLeft else { return }
      try turn.receive.take()?.wait()
      try turn.send.take()?.wait()
      if turn.step < communicator.size - 1 { add(turn) }
      turn.step += 1
      if !isOver(turn) { try post(turn) }
    }
  }

  /// What arrived plus what this node has: sent on, or the sum.
  private func add(_ turn: Turn) {
    let (part, range) = (part(turn), piece(turn, turn.step + 1))
    let isSum = turn.step == communicator.size - 2
    let result = isSum ? share.target(part, range) : turn.sending.pointer
    share.form(part, range, into: result)
    for i in 0..<range.count { result[i] += turn.arriving.pointer[i] }
  }
}
