/// What a worker's time is told by.
public protocol WorkerClock: AnyObject {
  /// In seconds, from a moment that is the same for all workers.
  var now: Double { get }

  /// Returns when it is `time`; meanwhile calls `poll` again and again.
  func wait(until time: Double, poll: () throws -> Void) throws
}
