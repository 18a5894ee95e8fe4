import Kernels
import MessagePassing
import Records

/// What a message from one rank to another takes: α + B/β.
struct LinkRate: Encodable {
  /// α, in seconds.
  let latency: Double
  /// β, in bytes a second.
  let bandwidth: Double

  /// Numbers of a long message, 4 MB, and how often it goes there and back; and how often a single number does.
  private static let longCount = 1 << 20
  private static let longTrips = 5
  private static let shortTrips = 200

  /// Sends messages to and fro between two ranks while the others sleep; every rank must call it together.
  /// - Returns: the same on every rank.
  /// - Throws: `MPIError`.
  static func measure(between first: Int, and second: Int, _ communicator: Communicator) throws -> LinkRate {
    var seconds = [0.0, 0.0]
    if [first, second].contains(communicator.rank) {
      let other = communicator.rank == first ? second : first
      let (sent, received) = (AlignedBuffer<Float>(count: longCount), AlignedBuffer<Float>(count: longCount))
      for (index, (count, trips)) in [(1, shortTrips), (longCount, longTrips)].enumerated() {
        // The first ones set up what later ones find.
        for _ in 0..<2 { try trip(count, other, first, sent, received, communicator) }
        let start = PhaseTimer.now()
        for _ in 0..<trips { try trip(count, other, first, sent, received, communicator) }
        seconds[index] = (PhaseTimer.now() - start) / Double(2 * trips)
      }
    }
    try communicator.quietBarrier()
    seconds = try communicator.allReduce(seconds, .maximum)
    let bytes = Double(longCount * MemoryLayout<Float>.size)
    return LinkRate(latency: seconds[0], bandwidth: bytes / max(seconds[1] - seconds[0], 1e-9))
  }

  /// There and back.
  private static func trip(
    _ count: Int, _ other: Int, _ first: Int, _ sent: AlignedBuffer<Float>, _ received: AlignedBuffer<Float>,
    _ communicator: Communicator
  ) throws {
    let send = {
      try communicator.beginSend(UnsafeBufferPointer(start: sent.pointer, count: count), to: other, tag: 0, owner: sent)
        .wait()
    }
    if communicator.rank == first { try send() }
    try communicator.beginReceive(
      into: UnsafeMutableBufferPointer(start: received.pointer, count: count), from: other, tag: 0, owner: received
    ).wait()
    if communicator.rank != first { try send() }
  }
}

/// The links that rank 0 has: to a rank of its node, and to one of another.
struct Links {
  /// Of each rank, nodes numbered by their first rank.
  let nodes: [Int]
  /// The first rank within rank 0's node, and the first on another, where there is one.
  let neighbour: Int?
  let stranger: Int?
  let withinNode: LinkRate?
  let betweenNodes: LinkRate?

  /// Measures them; every rank must call it together.
  /// - Throws: `MPIError`.
  init(_ communicator: Communicator) throws {
    let node = try communicator.splitByNode()
    let nodes = try communicator.allGather([try node.allReduce(Int64(communicator.rank), .minimum)]).map { Int($0[0]) }
    try node.free()
    self.nodes = nodes
    let ranks = 1..<communicator.size
    neighbour = ranks.first { nodes[$0] == nodes[0] }
    stranger = ranks.first { nodes[$0] != nodes[0] }
    let rate = { (other: Int?) in try other.map { try LinkRate.measure(between: 0, and: $0, communicator) } }
    withinNode = try rate(neighbour)
    betweenNodes = try rate(stranger)
  }
}
