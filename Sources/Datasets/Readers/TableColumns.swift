/// What the columns of a table are, as its training file has them: all that another file's rows need to become samples of the
/// same meaning.
public struct TableColumns: Codable, Equatable, Sendable {
  public struct Column: Codable, Equatable, Sendable {
    public enum Kind: String, Codable, Sendable {
      /// A feature.
      case number
      /// A feature for each word: 1 where the row has it, else 0.
      case words
      /// The class of each row.
      case label
      /// Left out.
      case dropped
    }

    /// As the first line has it; nil where there is no such line.
    public var name: String?
    public var kind: Kind
    /// Of a number: the mean over the training file's rows that have one.
    public var mean: Double?
    /// Of words and labels: those of the training file, in the order of their features or classes.
    public var words: [String]?

    /// Features that the column becomes.
    public var featureCount: Int {
      switch kind {
      case .number: 1
      case .words: words?.count ?? 0
      case .label, .dropped: 0
      }
    }
  }

  /// What becomes of rows with missing fields.
  public enum Missing: String, Codable, CaseIterable, Sendable {
    /// They are errors.
    case refuse
    /// The column's mean takes a missing number's place; a missing word is none of the words.
    case mean
    /// They are left out.
    case drop
  }

  public var columns: [Column]
  public var missing: Missing

  public var featureCount: Int { columns.reduce(0) { $0 + $1.featureCount } }
  /// Of each class.
  public var classNames: [String] { columns[labelColumn].words ?? [] }
  var labelColumn: Int { columns.firstIndex { $0.kind == .label }! }
  /// The names, where the file has them.
  var header: [String]? {
    let names = columns.compactMap(\.name)
    return names.count == columns.count ? names : nil
  }
  var classes: CSVClasses { CSVClasses(classNames) }

  /// Whether such columns can be: for what was read from a file.
  public var areConsistent: Bool {
    columns.count { $0.kind == .label } == 1
      && columns.allSatisfy { column in
        switch column.kind {
        case .number: column.mean?.isFinite == true
        case .words, .label: column.words.map { !$0.isEmpty && Set($0).count == $0.count } == true
        case .dropped: true
        }
      }
  }

  /// Whether a field says that it has no value: empty, or NA, N/A, NaN, null or ?, in any letters.
  static func isMissing(_ field: ArraySlice<UInt8>) -> Bool {
    guard field.count <= 4 else { return false }
    let text = String(decoding: field, as: UTF8.self).lowercased()
    return ["", "na", "n/a", "nan", "null", "?"].contains(text)
  }
}
