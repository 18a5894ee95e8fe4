/// The exit codes every rank agrees on before it ends.
public enum ExitCode: Int32, Sendable {
  case done = 0
  /// The loss or the model became NaN or infinite.
  case diverged = 20
  /// A wrong option, or options that cannot go together.
  case usage = 64
  /// Data or a saved file that does not hold what it should.
  case badData = 65
  /// A fault of the program or of a library below it.
  case `internal` = 70
  /// A file that cannot be opened, read or written.
  case inputOutput = 74
  /// Stopped by a signal after its state was saved: start it again to go on.
  case stopped = 75
}

/// Why a run ends early: what the user is told, once, and the code that all ranks exit with.
public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
  public let code: ExitCode
  public let message: String

  public init(_ code: ExitCode, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
