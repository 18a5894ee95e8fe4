import Glibc

/// Standard output and standard error, unbuffered: a line is out before the next thing happens, however that ends.
public enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Writes `text`; what nobody reads any more is dropped.
  public func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let result = Glibc.write(rawValue, bytes.baseAddress! + written, bytes.count - written)
        if result < 0 && errno == EINTR { continue }
        guard result > 0 else { return }
        written += result
      }
    }
  }
}
