import Glibc

/// Standard output and standard error, unbuffered: a line is out before the next thing happens, however that ends.
public enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Why standard output could not be written, where that happened: the number of the first error.
  nonisolated(unsafe) private static var outputError: Int32?

  /// The reason, in words.
  public static var outputFailure: String? { outputError.map { String(cString: strerror($0)) } }

  /// Writes `text`. A run goes on where that cannot be: what it says is dropped, and that it was is said at its end.
  public func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let result = Glibc.write(rawValue, bytes.baseAddress! + written, bytes.count - written)
        if result < 0 && errno == EINTR { continue }
        guard result > 0 else {
          if self == .output && Self.outputError == nil { Self.outputError = result < 0 ? errno : ENOSPC }
          return
        }
        written += result
      }
    }
  }
}
