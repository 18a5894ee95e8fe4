import CHost
import Glibc
import Records

/// What has a run stop before its end: a signal, or the clock.
struct StopReason {
  /// Before the end of a Slurm job, for the last checkpoint.
  private static let secondsBeforeEndOfJob = 60.0

  /// On the clock of `PhaseTimer.now`, and what set it.
  private var deadline: (time: Double, text: String)?

  /// From now on signals are noted.
  init(_ options: CheckpointOptions) {
    chost_note_signals()
    if let limit = options.timeLimit {
      deadline = (PhaseTimer.now() + limit.seconds, "--time-limit \(limit)")
    } else if let end = getenv("SLURM_JOB_END_TIME").flatMap({ Double(String(cString: $0)) }) {
      // Short jobs are for trial, and would otherwise end at once.
      let left = end - Double(time(nil))
      deadline = (PhaseTimer.now() + max(left - Self.secondsBeforeEndOfJob, left / 2), "the end of the Slurm job")
    }
  }

  /// Whether this rank knows of one.
  /// - Parameter time: now.
  func isGiven(at time: Double) -> Bool { chost_noted_signal() != 0 || deadline.map { time >= $0.time } == true }

  /// The reason, as users read it.
  var text: String? {
    switch chost_noted_signal() {
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGUSR1: "SIGUSR1"
    default: deadline?.text
    }
  }
}
