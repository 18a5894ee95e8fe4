import Failures
import Options

/// A table of a user's own in a CSV file, and what of it is to be learned.
public struct CSVFiles: Equatable, Sendable {
  public enum Column: Equatable, Sendable {
    case last
    /// Counted from 1.
    case number(Int)
    /// As the first line names it.
    case name(String)
  }

  public var training: String
  /// A file of the same columns to judge the result by.
  public var test: String?
  /// Which column has the labels.
  public var label = Column.last
  /// Columns that are left out.
  public var drop: [Column] = []
  /// Columns whose numbers are words: names of kinds, not quantities.
  public var words: [Column] = []
  public var missing = TableColumns.Missing.refuse
  /// Without a test file, the share of the rows that is held out for that, at random.
  public var holdout = 0.1

  /// Parses `FILE` or `FILE,KEY=VALUE,…` with the keys `test`, `label`, `drop`, `words`, `missing` and `holdout`. Several
  /// columns are joined by +; one with a plus in its name is counted from 1.
  ///
  /// - Throws: `Failure(.usage)` where there is no file, for an unknown or repeated key, and a value out of range.
  public init(parsing text: String) throws {
    let known = ["test", "label", "drop", "words", "missing", "holdout"]
    let (path, options) = try KeyedValues.parse(pathAndOptions: text, of: "csv", known: known)
    guard !path.isEmpty else { throw Failure(.usage, "dataset csv wants its file: csv:FILE or csv:FILE,KEY=VALUE,…") }
    training = path
    test = options.text("test")
    guard test != "" else { throw Failure(.usage, "csv: 'test=' should name a file") }
    if let column = options.text("label") { label = try Column(parsing: column, of: "label") }
    func columns(_ key: String) throws -> [Column] {
      try options.text(key)?.split(separator: "+", omittingEmptySubsequences: false).map {
        try Column(parsing: String($0), of: key)
      } ?? []
    }
    (drop, words) = (try columns("drop"), try columns("words"))
    let choices = TableColumns.Missing.allCases.map(\.rawValue)
    missing = TableColumns.Missing(rawValue: try options.choice("missing", missing.rawValue, of: choices))!
    guard test == nil || options.text("holdout") == nil else {
      throw Failure(.usage, "csv: 'test' and 'holdout' exclude each other")
    }
    try options.read("holdout", in: 0...0.9, into: &holdout)
  }
}

extension CSVFiles.Column {
  fileprivate init(parsing text: String, of key: String) throws {
    guard !text.isEmpty else { throw Failure(.usage, "csv: '\(key)=' should name a column or count it from 1") }
    guard let number = Int(text) else {
      self = .name(text)
      return
    }
    guard number > 0 else { throw Failure(.usage, "csv: '\(key)=\(text)': columns are counted from 1") }
    self = .number(number)
  }
}

extension CSVFiles: CustomStringConvertible {
  /// The canonical text; parses to the same table.
  public var description: String {
    func option(_ key: String, _ columns: [CSVFiles.Column]) -> String {
      let texts = columns.compactMap { column -> String? in
        switch column {
        case .last: nil
        case .number(let number): "\(number)"
        case .name(let name): name
        }
      }
      return texts.isEmpty ? "" : ",\(key)=\(texts.joined(separator: "+"))"
    }
    return training + option("label", [label]) + option("drop", drop) + option("words", words)
      + (missing == .refuse ? "" : ",missing=\(missing.rawValue)")
      + (test.map { ",test=\($0)" } ?? ",holdout=\(holdout.shortText)")
  }
}
