import Failures
import Glibc
import Kernels

/// Adds up the time of each phase: exactly one phase runs at any moment, and a switch costs one reading of the clock.
public final class PhaseTimer {
  private let totals = AlignedBuffer<Double>(count: Phase.allCases.count)
  private var current = Phase.other
  /// When the phase that runs began, on the clock of `now`.
  public private(set) var since: Double
  /// What other threads may know of it.
  public let pulse = Pulse()

  public init() { since = Self.now() }

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
    totals.pointer[current.rawValue] += time - since
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
    since = Self.now()
  }

  /// Forgets all that was measured.
  public func reset() {
    totals.elements.update(repeating: 0)
    since = Self.now()
  }
}
