import Glibc

/// What a user sees while a run goes on: on a terminal one line that changes, elsewhere a line per evaluation.
public final class ProgressReport {
  public let isTerminal: Bool
  private let isQuiet: Bool
  private var hasLine = false
  private var nextUpdate = 0.0

  public init(isQuiet: Bool, isTerminal: Bool = ProgressReport.standardOutputIsTerminal) {
    self.isQuiet = isQuiet
    self.isTerminal = isTerminal
  }

  /// Whether the user sees standard output on a terminal.
  ///
  /// A launcher gives its processes a pseudo-terminal whatever its own output is, so where there is a launcher, what
  /// counts is where *its* output goes.
  public static var standardOutputIsTerminal: Bool {
    guard StandardStream.output.isTerminal else { return false }
    guard getenv("OMPI_COMM_WORLD_SIZE") != nil || getenv("PMI_SIZE") != nil else { return true }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      let length = readlink("/proc/\(getppid())/fd/1", buffer.baseAddress!, buffer.count - 1)
      guard length > 0 else { return false }
      buffer[length] = 0
      let target = String(cString: buffer.baseAddress!)
      return target.hasPrefix("/dev/pts/") || target.hasPrefix("/dev/tty")
    }
  }

  /// A line that stays.
  public func say(_ line: String) {
    if isQuiet { return }
    erase()
    write(line + "\n")
  }

  /// A warning, which quiet does not silence; for rank 0 alone.
  public func warn(_ line: String) { StandardStream.error.write("prsgd-mpi: " + line + "\n") }

  /// A line that the next one replaces; at most a few times a second, and on a terminal only.
  public func show(at time: Double, _ line: () -> String) {
    guard isTerminal, !isQuiet, time >= nextUpdate else { return }
    nextUpdate = time + 0.25
    erase()
    // A line that wraps could not be erased.
    write(String(line().prefix(Self.terminalWidth - 1)))
    hasLine = true
  }

  /// Columns of the terminal; as many as a terminal always had where it does not say.
  private static var terminalWidth: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }

  private func erase() {
    if hasLine { write("\r\u{1B}[K") }
    hasLine = false
  }

  private func write(_ text: String) {
    StandardStream.output.write(text)
  }
}
