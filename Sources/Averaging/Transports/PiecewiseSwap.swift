import MessagePassing

/// Sends numbers to one worker and receives as many from another, or the same, piece by piece: as whole messages those of
/// two workers would travel one after the other, each way at half the link's rate.
final class PiecewiseSwap<Element: MPIElement> {
  private let communicator: Communicator
  private var message = Message()
  private let underWay: [Piece]
  private var begun = 0
  private var ended = 0

  /// What is sent and received in all.
  private struct Message {
    var receiver = 0
    var sender = 0
    var sent: UnsafePointer<Element>?
    var arriving: UnsafeMutablePointer<Element>?
    var count = 0
    var tag = 0
  }

  private final class Piece {
    var send: Request?
    var receive: Request?
  }

  /// Numbers of a piece, 256 KiB.
  private static var numbersOfPiece: Int { (256 << 10) / MemoryLayout<Element>.stride }
  /// How many pieces are under way at a time.
  private static var depth: Int { 4 }

  init(_ communicator: Communicator) {
    self.communicator = communicator
    underWay = (0..<Self.depth).map { _ in Piece() }
  }

  private var pieces: Int { (message.count + Self.numbersOfPiece - 1) / Self.numbersOfPiece }

  /// Begins with `count` numbers; until `advance` is true, what is sent must not change.
  func begin(
    _ count: Int, of sent: UnsafePointer<Element>, to receiver: Int, into arriving: UnsafeMutablePointer<Element>,
    from sender: Int, tag: Int = 0
  ) throws {
    message = Message(receiver: receiver, sender: sender, sent: sent, arriving: arriving, count: count, tag: tag)
    (begun, ended) = (0, 0)
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
    let length = min(Self.numbersOfPiece, message.count - start)
    let piece = underWay[index % Self.depth]
    piece.receive = try communicator.beginReceive(
      into: UnsafeMutableBufferPointer(start: message.arriving! + start, count: length), from: message.sender,
      tag: message.tag, owner: self)
    piece.send = try communicator.beginSend(
      UnsafeBufferPointer(start: message.sent! + start, count: length), to: message.receiver, tag: message.tag,
      owner: self)
  }
}
