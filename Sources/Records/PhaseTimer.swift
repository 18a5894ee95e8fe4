import Glibc
import Kernels

/// What a worker's time goes into.
public enum Phase: Int, CaseIterable, Sendable {
  /// Drawing and gathering a batch.
  case data
  case forward
  case backward
  /// Changing the model by the gradient or by an average.
  case update
  /// Inside MPI, moving data.
  case average
  /// Inside MPI, until the last worker has come to an averaging.
  case wait
  case evaluate
  case other
}

/// Adds up the time of each phase: exactly one phase runs at any moment, and a switch costs one reading of the clock.
public final class PhaseTimer {
  private let totals = AlignedBuffer<Double>(count: Phase.allCases.count)
  private var current = Phase.other
  /// When the phase that runs began, on the clock of `now`.
  public private(set) var since: Double

  public init() { since = Self.now() }

  /// Monotonic time in seconds.
  public static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
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
    return previous
  }

  /// Seconds spent in `phase` so far.
  public subscript(phase: Phase) -> Double { totals[phase.rawValue] }

  /// Seconds of all phases so far, by their raw values.
  public var seconds: [Double] { Array(totals.elements) }

  /// Seconds of this worker's own work: data, forward, backward, update.
  public var computeSeconds: Double { self[.data] + self[.forward] + self[.backward] + self[.update] }

  /// Seconds of training so far, evaluation excluded.
  public var trainingSeconds: Double { seconds.reduce(0, +) - self[.evaluate] }

  /// Forgets all that was measured.
  public func reset() {
    totals.elements.update(repeating: 0)
    since = Self.now()
  }
}
