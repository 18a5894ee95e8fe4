import Failures
import Glibc
import Kernels

/// Adds up the time of each phase: exactly one phase runs at any moment, and a switch costs one reading of the clock.
///
/// Where ranks share cores, times may be those of a core of the rank's own (`EmulatedCore`).
public final class PhaseTimer {
  private let totals = AlignedBuffer<Double>(count: Phase.allCases.count)
  private var current = Phase.other
  /// When the phase that runs began, on the clock of `now`.
  public private(set) var since: Double
  /// What other threads may know of it.
  public let pulse = Pulse()
  private let core: EmulatedCore?
  /// When the phase that runs began, on the core's own clock.
  private var sinceOfCore = 0.0

  /// - Parameter core: whose clock times are read from, in place of the wall's.
  public init(core: EmulatedCore? = nil) {
    self.core = core
    since = Self.now()
  }

  /// Monotonic time in seconds.
  public static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  public static func sleep(_ seconds: Double) {
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - Double(Int(seconds))) * 1e9))
    nanosleep(&time, nil)
  }

  /// Ends the phase that runs and begins `phase`.
  /// - Returns: the phase that ran.
  @discardableResult
  public func enter(_ phase: Phase) -> Phase {
    let time = Self.now()
    if let core {
      let own = core.read(isWorking: current.isWork)
      totals.pointer[current.rawValue] += own - sinceOfCore
      sinceOfCore = own
    } else {
      totals.pointer[current.rawValue] += time - since
    }
    since = time
    let previous = current
    current = phase
    pulse.publish(phase, since: time)
    return previous
  }

  /// Seconds spent in `phase` so far.
  public subscript(phase: Phase) -> Double { totals[phase.rawValue] }

  /// Seconds of all phases so far, by their raw values.
  public var seconds: [Double] { Array(totals.elements) }

  /// Seconds of this worker's own work: data, forward, backward, update; and what stands in for more of it.
  public var computeSeconds: Double { busySeconds + self[.update] }

  /// `computeSeconds` without the update.
  public var busySeconds: Double { self[.data] + self[.forward] + self[.backward] + self[.slowdown] }

  /// Seconds of training so far, evaluation excluded.
  public var trainingSeconds: Double { seconds.reduce(0, +) - self[.evaluate] }

  /// Goes on from what a timer before this one had measured.
  /// - Throws: `Failure(.badData)` where that had other phases.
  public func goOn(from seconds: [Double]) throws {
    guard seconds.count == totals.count else {
      throw Failure(.badData, "the state of a run has \(seconds.count) phases, expected \(totals.count)")
    }
    for (phase, value) in seconds.enumerated() { totals[phase] = value }
    restart()
  }

  /// Forgets all that was measured.
  public func reset() {
    totals.elements.update(repeating: 0)
    restart()
  }

  private func restart() {
    since = Self.now()
    sinceOfCore = trainingSeconds
    core?.set(sinceOfCore)
  }

  // MARK: The worker's own time

  /// The time that phases are measured by: that of `now`, or of the core.
  public var ownTime: Double { core?.read(isWorking: current.isWork) ?? Self.now() }

  /// Returns when `ownTime` is `time`, and calls `poll` meanwhile.
  public func waitUntil(_ time: Double, poll: () throws -> Void) rethrows {
    if let core { return core.advance(to: time) }
    while true {
      let left = time - Self.now()
      guard left > 0 else { return }
      Self.sleep(min(left, 0.0005))
      try poll()
    }
  }
}
