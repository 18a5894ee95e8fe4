import MessagePassing

/// Sends numbers to another worker and receives as many, piece by piece: as whole messages they would travel one after the
/// other, each way at half the link's rate.
final class PiecewiseSwap {
  private let communicator: Communicator
  private let other: Int
  private let sent: UnsafePointer<Float>
  private let arriving: UnsafeMutablePointer<Float>
  private let owner: AnyObject
  private var count = 0
  private var tag = 0
  private let underWay: [Piece]
  private var begun = 0
  private var ended = 0

  private final class Piece {
    var send: Request?
    var receive: Request?
  }

  /// Numbers of a piece, 256 KiB, and how many pieces are under way at a time.
  private static let numbersOfPiece = 1 << 16
  private static let depth = 4

  /// - Parameter owner: what keeps the memory alive.
  init(
    _ communicator: Communicator, with other: Int, sending sent: UnsafePointer<Float>,
    receiving arriving: UnsafeMutablePointer<Float>, owner: AnyObject
  ) {
    (self.communicator, self.other, self.sent, self.arriving) = (communicator, other, sent, arriving)
    self.owner = owner
    underWay = (0..<Self.depth).map { _ in Piece() }
  }

  private var pieces: Int { (count + Self.numbersOfPiece - 1) / Self.numbersOfPiece }

  /// Begins with `count` numbers; until `advance` is true, what is sent must not change.
  func begin(_ count: Int, tag: Int) throws {
    (self.count, self.tag, begun, ended) = (count, tag, 0, 0)
    _ = try advance()
  }

  /// Goes on as far as it can without waiting.
  /// - Returns: whether all has arrived and left.
  func advance() throws -> Bool {
    while ended < pieces {
      while begun < pieces && begun - ended < Self.depth {
        try post(begun)
        begun += 1
      }
      let piece = underWay[ended % Self.depth]
      // Both, so that both make progress.
      let (hasArrived, hasLeft) = (try piece.receive?.test() != false, try piece.send?.test() != false)
      guard hasArrived && hasLeft else { return false }
      try piece.receive.take()?.wait()
      try piece.send.take()?.wait()
      ended += 1
    }
    return true
  }

  private func post(_ index: Int) throws {
    let start = index * Self.numbersOfPiece
    let length = min(Self.numbersOfPiece, count - start)
    let piece = underWay[index % Self.depth]
    piece.receive = try communicator.beginReceive(
      into: UnsafeMutableBufferPointer(start: arriving + start, count: length), from: other, tag: tag, owner: owner)
    piece.send = try communicator.beginSend(
      UnsafeBufferPointer(start: sent + start, count: length), to: other, tag: tag, owner: owner)
  }
}
