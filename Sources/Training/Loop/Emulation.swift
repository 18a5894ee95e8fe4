import Averaging
import Records

/// Machines that there are not, whose times a run has.
public struct Emulation: Sendable {
  /// Between the ranks; nil is one that takes no time.
  public var network: EmulatedNetwork?
  /// Whether each rank's times are those of a core of its own, and not of the cores that ranks share.
  public var hasOwnCores: Bool

  public init(network: EmulatedNetwork?, hasOwnCores: Bool) {
    (self.network, self.hasOwnCores) = (network, hasOwnCores)
  }
}

extension PhaseTimer: WorkerClock {}
