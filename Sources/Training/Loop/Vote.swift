import Kernels
import MessagePassing
import Records

/// What a worker wants all of them to do together, between two steps.
public struct Wish: OptionSet, Sendable {
  public let rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }

  public static let checkpoint = Wish(rawValue: 1)
  /// To save the state, and end.
  public static let stop = Wish(rawValue: 2)
}

/// Brings the wishes of any worker to all of them, at the same moment of each one's run, some ten times a second.
///
/// All must come to it at the same steps, or ends of rounds. One nonblocking reduction after another is begun at one of
/// them and finished at a later one, which all know; how much later follows from what the slowest needed from one to
/// the next. So a wish waits for nobody's exchange, and nearly never does a worker for a vote.
final class Vote {
  /// Seconds from one vote to the next.
  static let period = 0.1
  /// The most calls from one vote to the next.
  private static let mostCalls = 1 << 20

  private let communicator: Communicator
  private let timer: PhaseTimer
  /// A bit of a wish each, then the seconds of a call.
  private let own = AlignedBuffer<Double>(count: 3)
  private let all = AlignedBuffer<Double>(count: 3)
  private var request: Request?
  private var wish: Wish = []
  /// Calls from one vote to the next, and until the next.
  private var interval = 1
  private var left = 1
  private var since = 0.0

  /// Every rank must make its own together with all others.
  /// - Parameter timer: is switched while the worker waits.
  init(_ communicator: Communicator, _ timer: PhaseTimer) throws {
    self.communicator = try communicator.duplicate()
    self.timer = timer
  }

  /// - Parameter own: what this worker wants, until all know.
  /// - Returns: what any worker wanted, the same on all.
  func consult(_ own: Wish) throws -> Wish {
    if communicator.size == 1 { return own }
    wish.formUnion(own)
    left -= 1
    guard left <= 0 else { return [] }
    let time = timer.since
    let secondsOfCall = since == 0 ? Self.period : (time - since) / Double(interval)
    let result = try finish()
    try begin(secondsOfCall)
    (left, since) = (interval, time)
    return result
  }

  private func begin(_ secondsOfCall: Double) throws {
    own[0] = wish.contains(.checkpoint) ? 1 : 0
    own[1] = wish.contains(.stop) ? 1 : 0
    own[2] = secondsOfCall
    wish = []
    request = try communicator.beginAllReduce(
      UnsafeBufferPointer(own.elements), into: all.elements, .maximum, owner: self)
  }

  /// Ends the vote under way; every rank must call it together.
  @discardableResult
  func finish() throws -> Wish {
    guard let request = request.take() else { return [] }
    let phase = timer.enter(.wait)
    try request.wait()
    timer.enter(phase)
    interval = max(1, Int(min(Self.period / max(all[2], 1e-9), Double(Self.mostCalls))))
    var wish: Wish = []
    if all[0] > 0 { wish.insert(.checkpoint) }
    if all[1] > 0 { wish.insert(.stop) }
    return wish
  }
}
