import Failures

/// The lines of a table in a text file, each cut into its fields.
///
/// Fields are separated by tabs if the first line has one outside quotes, else by semicolons if it has one, else by commas.
/// Spaces around a field are no part of it. A field in double quotes may have separators, and quotes that are doubled; it
/// ends on its line. Blank lines may come at the end and nowhere else.
final class CSVLines {
  var path: String { lines.path }
  /// How many fields the line at hand has.
  var fieldCount: Int { ends.count }

  private let lines: TextLines
  private var separator: UInt8?
  /// The fields of the line at hand, each with a zero after it.
  private var content: [UInt8] = []
  /// Where in `content` the zero after each field is.
  private var ends: [Int] = []

  private static let space = UInt8(ascii: " ")
  private static let quote = UInt8(ascii: "\"")

  init(path: String) throws { lines = try TextLines(path: path) }

  /// Goes to the next line that is not blank; false where there is none.
  func next() throws -> Bool {
    var firstBlank: Int?
    while try lines.next() {
      let line = lines.bytes[lines.number == 1 ? byteOrderMark.count... : 0...]
      if line.allSatisfy({ $0 == Self.space || $0 == UInt8(ascii: "\t") }) {
        firstBlank = firstBlank ?? lines.number
        continue
      }
      if let firstBlank { throw lines.badData("the line is blank, and others follow", line: firstBlank) }
      try cut(line)
      return true
    }
    return false
  }

  /// The bytes of a field, counted from 0.
  func bytes(_ field: Int) -> ArraySlice<UInt8> { content[start(of: field)..<ends[field]] }

  func text(_ field: Int) -> String { String(decoding: bytes(field), as: UTF8.self) }

  /// A field as a finite decimal number; nil if it is none.
  func number(_ field: Int) -> Float? {
    content.withUnsafeBytes { Float(decimal: .init(rebasing: $0[start(of: field)...ends[field]])) }
  }

  /// Path and line.
  var place: String { "\(path):\(lines.number)" }

  /// A failure that names file and line, and the column where it is of one field.
  func badData(_ what: String, field: Int? = nil) -> Failure {
    lines.badData(field.map { "column \($0 + 1): \(what)" } ?? what)
  }

  private func start(of field: Int) -> Int { field == 0 ? 0 : ends[field - 1] + 1 }

  /// What some programs put in front of a text in UTF-8; empty where it is not.
  private var byteOrderMark: [UInt8] {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    return lines.bytes.starts(with: mark) ? mark : []
  }

  // MARK: Lines to fields

  private func cut(_ line: ArraySlice<UInt8>) throws {
    let separator = self.separator ?? Self.separator(of: line)
    self.separator = separator
    content.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    var rest = line
    repeat {
      rest = Self.withoutSpaces(rest)
      rest = rest.first == Self.quote ? try takeQuoted(rest.dropFirst(), separator) : takePlain(rest, separator)
      ends.append(content.count)
      content.append(0)
    } while Self.passSeparator(&rest)
  }

  /// Takes the field at the front of `line`, and returns what begins with the separator after it.
  private func takePlain(_ line: ArraySlice<UInt8>, _ separator: UInt8) -> ArraySlice<UInt8> {
    let end = line.firstIndex(of: separator) ?? line.endIndex
    let field = line[..<end]
    let last = field.lastIndex { $0 != Self.space }
    content.append(contentsOf: last.map { field[...$0] } ?? [])
    return line[end...]
  }

  /// Takes the field at the front of `line`, whose opening quote is taken already.
  private func takeQuoted(_ line: ArraySlice<UInt8>, _ separator: UInt8) throws -> ArraySlice<UInt8> {
    var rest = line
    while let end = rest.firstIndex(of: Self.quote) {
      content.append(contentsOf: rest[..<end])
      rest = rest[(end + 1)...]
      guard rest.first == Self.quote else {
        rest = Self.withoutSpaces(rest)
        guard rest.isEmpty || rest.first == separator else {
          throw badData("the field goes on after its closing quote", field: fieldCount)
        }
        return rest
      }
      content.append(Self.quote)
      rest = rest.dropFirst()
    }
    throw badData("the quote is not closed on this line", field: fieldCount)
  }

  /// Drops the separator in front; false at the end of the line.
  private static func passSeparator(_ rest: inout ArraySlice<UInt8>) -> Bool {
    if rest.isEmpty { return false }
    rest = rest.dropFirst()
    return true
  }

  private static func withoutSpaces(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> { line.drop { $0 == space } }

  private static func separator(of line: ArraySlice<UInt8>) -> UInt8 {
    var isQuoted = false
    let plain = line.filter { byte in
      if byte == quote { isQuoted.toggle() }
      return !isQuoted
    }
    return [UInt8(ascii: "\t"), UInt8(ascii: ";")].first(where: plain.contains) ?? UInt8(ascii: ",")
  }
}
