import Glibc

/// What numbers in text files are read as.
protocol DecimalNumber: BinaryFloatingPoint {
  /// `strtod` or one of its kind, which round to the nearest number.
  static func parse(_ text: UnsafePointer<CChar>, _ end: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Self
}

extension Double: DecimalNumber {
  static func parse(
    _ text: UnsafePointer<CChar>, _ end: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Double { strtod(text, end) }
}

extension Float: DecimalNumber {
  static func parse(
    _ text: UnsafePointer<CChar>, _ end: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Float { strtof(text, end) }
}

extension DecimalNumber {
  /// - Parameter text: ends with a zero byte, which is no part of the number.
  /// - Returns: nil unless all of it is one decimal number, and a finite one.
  init?(decimal text: UnsafeRawBufferPointer) {
    // The C library would also take spaces, infinity, NaN and hexadecimal.
    let isDecimal = text.dropLast().allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): true
      default: false
      }
    }
    guard isDecimal, text.count > 1 else { return nil }
    let start = text.assumingMemoryBound(to: CChar.self).baseAddress!
    var end: UnsafeMutablePointer<CChar>?
    let number = Self.parse(start, &end)
    guard let end, UnsafePointer(end) == start + (text.count - 1), number.isFinite else { return nil }
    self = number
  }
}

/// Bytes of a text file as a message shows them: in quotes, the beginning if they are many, with none that a terminal
/// would take for a command.
func shown(_ text: some Collection<UInt8>) -> String {
  let scalars = String(decoding: text.prefix(32), as: UTF8.self).unicodeScalars
  return "'" + scalars.map { $0.escaped(asASCII: true) }.joined() + (text.count > 32 ? "…'" : "'")
}
