import Failures
import Options

/// A table of a user's own in a CSV file, and what of it is to be learned.
public struct CSVFiles: Equatable, Sendable {
  /// Which column has the labels.
  public enum LabelColumn: Equatable, Sendable {
    case last
    /// Counted from 1.
    case number(Int)
    /// As the first line names it.
    case name(String)
  }

  public var training: String
  /// A file of the same columns to judge the result by.
  public var test: String?
  public var label = LabelColumn.last
  /// Without a test file, the share of the rows that is held out for that, at random.
  public var holdout = 0.1

  /// Parses `FILE` or `FILE,KEY=VALUE,…` with the keys `test`, `label` and `holdout`.
  ///
  /// - Throws: `Failure(.usage)` where there is no file, for an unknown or repeated key, and a value out of range.
  public init(parsing text: String) throws {
    let known = ["test", "label", "holdout"]
    let (path, options) = try KeyedValues.parse(pathAndOptions: text, of: "csv", known: known)
    guard !path.isEmpty else { throw Failure(.usage, "dataset csv wants its file: csv:FILE or csv:FILE,KEY=VALUE,…") }
    training = path
    test = options.text("test")
    guard test != "" else { throw Failure(.usage, "csv: 'test=' should name a file") }
    if let column = options.text("label") { label = try LabelColumn(parsing: column) }
    guard test == nil || options.text("holdout") == nil else {
      throw Failure(.usage, "csv: 'test' and 'holdout' exclude each other")
    }
    try options.read("holdout", in: 0...0.9, into: &holdout)
  }
}

extension CSVFiles.LabelColumn {
  fileprivate init(parsing text: String) throws {
    guard !text.isEmpty else { throw Failure(.usage, "csv: 'label=' should name a column or count it from 1") }
    guard let number = Int(text) else {
      self = .name(text)
      return
    }
    guard number > 0 else { throw Failure(.usage, "csv: 'label=\(text)': columns are counted from 1") }
    self = .number(number)
  }
}

extension CSVFiles: CustomStringConvertible {
  /// The canonical text; parses to the same table.
  public var description: String {
    let column =
      switch label {
      case .last: ""
      case .number(let number): ",label=\(number)"
      case .name(let name): ",label=\(name)"
      }
    return training + column + (test.map { ",test=\($0)" } ?? ",holdout=\(holdout.shortText)")
  }
}
