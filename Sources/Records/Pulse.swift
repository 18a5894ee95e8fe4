import CHost
import Kernels

/// What a thread is at, for another one that watches it.
public final class Pulse: Sendable {
  private let words = AlignedBuffer<UInt64>(count: 3)

  /// A moment of it.
  public struct Beat: Equatable, Sendable {
    public let phase: Phase
    /// When the phase began, on the clock of `PhaseTimer.now`.
    public let since: Double
    /// Steps taken.
    public let step: Int

    public init(phase: Phase, since: Double, step: Int) { (self.phase, self.since, self.step) = (phase, since, step) }
  }

  func publish(_ phase: Phase, since: Double) {
    chost_publish(words.pointer, UInt64(phase.rawValue))
    chost_publish(words.pointer + 1, since.bitPattern)
  }

  public func publish(step: Int) { chost_publish(words.pointer + 2, UInt64(step)) }

  /// The last that was published; its parts may be of two moments.
  public var beat: Beat {
    Beat(
      phase: Phase(rawValue: Int(chost_observe(words.pointer))) ?? .other,
      since: Double(bitPattern: chost_observe(words.pointer + 1)), step: Int(chost_observe(words.pointer + 2)))
  }
}
