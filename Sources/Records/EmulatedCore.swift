import Glibc

/// A core of a worker's own, where several really share one: its clock goes on by the time that the worker really computes,
/// and by what it is told to wait; it stands still while others have the core.
public final class EmulatedCore {
  /// What the worker's work would take on a core that nothing runs beside, over what it takes here.
  public var factor = 1.0
  private var time = 0.0
  private var processorTime: Double

  public init() { processorTime = Self.threadTime() }

  /// Time that the calling thread has spent computing, in seconds.
  public static func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// - Parameter isWorking: whether the thread has worked since the last call, and not waited.
  /// - Returns: the core's time, in seconds.
  func read(isWorking: Bool) -> Double {
    let now = Self.threadTime()
    if isWorking { time += factor * (now - processorTime) }
    processorTime = now
    return time
  }

  /// Goes on to `time`, unless that has passed.
  func advance(to time: Double) { self.time = max(self.time, time) }

  func set(_ time: Double) {
    processorTime = Self.threadTime()
    self.time = time
  }
}
