import Glibc

extension Double {
  /// As it is written in CSV files: the shortest text that reads back as the same number; NaN without a sign.
  public var csvText: String { isNaN ? "nan" : description }

  /// With a fixed number of decimals, as `printf` writes it.
  public func formatted(decimals: Int) -> String {
    if isNaN { return "nan" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
      withVaList([Int32(decimals), self]) { _ = vsnprintf(buffer.baseAddress!, buffer.count, "%.*f", $0) }
      return String(cString: buffer.baseAddress!)
    }
  }

  /// A count of seconds as "1:02:03", "2:03" or "0:03".
  public var formattedAsDuration: String {
    guard self >= 0, self < 1e12 else { return "?" }
    let total = Int(rounded())
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60)
    let padded = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(seconds))" : "\(minutes):\(padded(seconds))"
  }
}

extension Int {
  /// With a comma after every three digits.
  public var formattedWithCommas: String {
    let digits = Array(String(magnitude))
    let grouped = digits.indices.map { ($0 > 0 && (digits.count - $0) % 3 == 0 ? "," : "") + String(digits[$0]) }
    return (self < 0 ? "-" : "") + grouped.joined()
  }
}

extension String {
  /// Filled with spaces on the left, or on the right when `leading`, to `width` characters.
  public func padded(to width: Int, leading: Bool = false) -> String {
    let fill = String(repeating: " ", count: max(0, width - count))
    return leading ? self + fill : fill + self
  }
}
