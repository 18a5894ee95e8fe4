/// What a worker's time is told by.
public protocol WorkerClock: AnyObject {
  /// In seconds, from a moment that is the same for all workers.
  var ownTime: Double { get }

  /// Returns when it is `time`; meanwhile calls `poll` again and again.
  func waitUntil(_ time: Double, poll: () throws -> Void) throws
}
