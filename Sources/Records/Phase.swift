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
  /// Saving the state of the run.
  case checkpoint
  case other
  /// Standing in for the arithmetic of a slower machine.
  case slowdown

  /// Whether a worker does this by itself, and it is a part of training.
  var isWork: Bool {
    switch self {
    case .data, .forward, .backward, .update, .other, .slowdown: true
    case .average, .wait, .evaluate, .checkpoint: false
    }
  }
}
