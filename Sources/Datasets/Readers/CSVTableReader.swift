import Failures
import Options

/// Reads a table from a CSV file, whose lines are as `CSVLines` says.
///
/// The first line is a header, and no row, if one of its fields outside the label column is neither empty nor a number, or
/// if a column is given by its name. Memory stays within a small multiple of the file.
struct CSVTableReader {
  /// A column with more distinct labels than these is hardly meant to be one of classes.
  private static let mostClasses = 65_536

  private let files: CSVFiles
  private let path: String
  private let lines: CSVLines
  private let training: TableColumns?
  private let memory: ReadMemory
  /// The columns' names, where the file has them.
  private var header: [String]?
  private let columnCount: Int
  private let labelColumn: Int
  private let missing: TableColumns.Missing
  /// Those of features; nil of the others.
  private var columns: [ColumnReader?]
  /// (row, column of features): numbers, places of words, NaN for what is missing.
  private var values: [Float] = []
  private var labels: [Int32] = []
  private var droppedRows = 0
  /// The distinct labels of a training file, in the order of their first use.
  private var distinct: [String] = []
  /// What a label stands for: its place in `distinct`, or in a test file its class.
  private var places: [String: Int32] = [:]
  private var classes: CSVClasses
  /// What the texts in `distinct` and `places` take, about.
  private var labelBytes = 0

  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - files: what the columns are of a training file.
  ///   - training: what a file belongs to that is none. It has the same columns, and labels and words that the training file
  ///     has.
  ///   - memory: what can be had of it.
  /// - Throws: `Failure(.badData)` with path, line and column for what is no such table; `Failure(.usage)` for a column that
  ///   is not there; `Failure(.inputOutput)` if the file cannot be read; `Failure(.internal)` if what it holds does not fit
  ///   into memory.
  static func read(
    _ path: String, _ files: CSVFiles, matching training: TableColumns? = nil, memory: ReadMemory
  ) throws -> CSVTable {
    var reader = try CSVTableReader(path, files, matching: training, memory: memory)
    return try reader.readRows()
  }

  /// Reads the first line.
  private init(_ path: String, _ files: CSVFiles, matching training: TableColumns?, memory: ReadMemory) throws {
    (self.path, self.files, self.memory, self.training) = (path, files, memory, training)
    let lines = try CSVLines(path: path)
    self.lines = lines
    guard try lines.next() else { throw Failure(.badData, "\(path): has no rows") }
    guard lines.fieldCount > 1 else { throw lines.badData("has one column, where features and a label should be") }
    columnCount = lines.fieldCount
    if let training, training.columns.count != columnCount {
      throw lines.badData("has \(columnCount) columns, and the training file \(training.columns.count)")
    }
    missing = training?.missing ?? files.missing
    classes = training?.classes ?? CSVClasses([])
    if let training {
      labelColumn = training.labelColumn
      columns = training.columns.map { $0.kind == .number || $0.kind == .words ? ColumnReader(matching: $0) : nil }
    } else {
      let label = try Self.column(files.label, of: lines)
      let dropped = Set(try files.drop.map { try Self.column($0, of: lines) })
      let words = Set(try files.words.map { try Self.column($0, of: lines) })
      guard !dropped.contains(label), dropped.count < columnCount - 1 else {
        throw Failure(.usage, "\(path): drop= leaves no label, or no feature")
      }
      labelColumn = label
      columns = (0..<columnCount).map {
        $0 == label || dropped.contains($0) ? nil : ColumnReader(areWords: words.contains($0))
      }
    }
    let fields = (0..<columnCount).map(lines.text)
    if fields == training?.header || isHeader(fields) { header = fields }
    if let own = header, let other = training?.header, own != other {
      throw lines.badData("the columns are not named as in the training file")
    }
  }

  /// Which column is meant, from 0.
  private static func column(_ column: CSVFiles.Column, of lines: CSVLines) throws -> Int {
    switch column {
    case .last: return lines.fieldCount - 1
    case .number(let number):
      guard number <= lines.fieldCount else {
        throw Failure(.usage, "\(lines.path): has \(lines.fieldCount) columns, and the \(number)th is asked for")
      }
      return number - 1
    case .name(let name):
      let names = (0..<lines.fieldCount).map(lines.text)
      guard let column = names.firstIndex(of: name) else {
        let hint = nearestName(to: name, among: names).map { "; did you mean \(shown($0.utf8))?" } ?? ""
        throw Failure(.usage, "\(lines.path): no column is named \(shown(name.utf8))\(hint)")
      }
      guard names.lastIndex(of: name) == column else {
        throw Failure(.usage, "\(lines.path): several columns are named \(shown(name.utf8)): count it from 1")
      }
      return column
    }
  }

  private func isHeader(_ fields: [String]) -> Bool {
    if training == nil {
      let named = [files.label] + files.drop + files.words
      if named.contains(where: { if case .name = $0 { true } else { false } }) { return true }
    }
    // NaN, infinity and what is too large are numbers here, to be refused as such and not to go unnoticed.
    return fields.indices.contains { field in
      let isWord = !fields[field].isEmpty && Double(fields[field]) == nil
      // Of a file that belongs to another a first line of words that are known is a row.
      return field != labelColumn && isWord && training?.columns[field].words?.contains(fields[field]) != true
    }
  }

  // MARK: Rows

  private mutating func readRows() throws -> CSVTable {
    if header == nil { try readRow() }
    while try lines.next() { try readRow() }
    guard !labels.isEmpty else {
      throw Failure(.badData, "\(path): has no rows\(droppedRows > 0 ? " without missing fields" : "")")
    }
    if training == nil { try orderClasses() }
    let columns = try training ?? ownColumns()
    return CSVTable(
      columns: columns, features: try features(of: columns), labels: labels, droppedRows: droppedRows,
      missingFields: self.columns.map { $0?.missingCount ?? 0 })
  }

  private mutating func readRow() throws {
    guard lines.fieldCount == columnCount else {
      throw lines.badData("has \(lines.fieldCount) fields, and the first line \(columnCount)")
    }
    guard labels.count < Int(Int32.max) else { throw lines.badData("only \(Int32.max) rows are read") }
    // Its words are none of the column's.
    if missing == .drop
      && columns.indices.contains(where: { columns[$0] != nil && TableColumns.isMissing(lines.bytes($0)) })
    {
      droppedRows += 1
      return
    }
    for field in columns.indices {
      switch columns[field]?.read(field, of: lines) {
      case .number(let number): values.append(number)
      case .missing where missing == .refuse:
        throw badField(
          field, "should be a finite number, or a word; missing=mean or missing=drop allows for such fields")
      case .missing: values.append(.nan)
      case .refused(let reason): throw badField(field, reason)
      case nil: break
      }
    }
    labels.append(try readLabel())
    try memory.require(bytes, at: lines.place)
  }

  /// What the table takes, with the places of its rows and a copy of their labels.
  private var bytes: Int {
    let row = 2 * MemoryLayout<Int32>.stride + MemoryLayout<Int>.stride
    return values.count * MemoryLayout<Float>.stride + labels.count * row + labelBytes
  }

  // MARK: Columns

  private func ownColumns() throws -> TableColumns {
    let columns = try (0..<columnCount).map { index -> TableColumns.Column in
      let name = header?[index]
      if index == labelColumn { return .init(name: name, kind: .label, words: classes.names) }
      guard let reader = self.columns[index] else { return .init(name: name, kind: .dropped) }
      guard let column = reader.column(named: name) else {
        throw Failure(.badData, "\(path): column \(index + 1) has no values: drop=\(index + 1) leaves it out")
      }
      return column
    }
    return TableColumns(columns: columns, missing: missing)
  }

  /// (row, feature)
  private mutating func features(of columns: TableColumns) throws -> [Float] {
    let readers = zip(self.columns, columns.columns).compactMap { reader, column in reader.map { ($0, column) } }
    let isPlain = readers.allSatisfy { $1.kind == .number && ($0.missingCount == 0 || missing == .drop) }
    if isPlain { return values }
    try memory.require(bytes + labels.count * columns.featureCount * MemoryLayout<Float>.stride, at: path)
    let expansions = readers.map { ColumnReader.Expansion($0, as: $1) }
    var features: [Float] = []
    features.reserveCapacity(labels.count * columns.featureCount)
    for row in labels.indices {
      for (column, expansion) in expansions.enumerated() {
        expansion.append(values[row * expansions.count + column], to: &features)
      }
    }
    values = []
    return features
  }

  // MARK: Labels

  private mutating func readLabel() throws -> Int32 {
    let text = lines.text(labelColumn)
    if let place = places[text] { return place }
    guard CSVClasses.isLabel(text) else {
      throw badField(labelColumn, "should be a label, a whole number or a word")
    }
    let place = try training == nil ? addLabel(text) : findClass(text)
    places[text] = place
    labelBytes += 2 * text.utf8.count + 64
    return place
  }

  private mutating func addLabel(_ text: String) throws -> Int32 {
    guard distinct.count < Self.mostClasses else {
      throw lines.badData(
        "has the \(distinct.count + 1)th label: is this the label's column?", field: labelColumn)
    }
    distinct.append(text)
    return Int32(distinct.count - 1)
  }

  private func findClass(_ text: String) throws -> Int32 {
    guard let place = classes.place(of: text) else {
      throw badField(labelColumn, "is a label that does not occur in the training file")
    }
    return place
  }

  private func badField(_ field: Int, _ what: String) -> Failure {
    let bytes = lines.bytes(field)
    return lines.badData(bytes.isEmpty ? "the field is empty; it \(what)" : "\(shown(bytes)) \(what)", field: field)
  }

  /// Numbers the classes in the order of their labels.
  private mutating func orderClasses() throws {
    classes = CSVClasses(distinct)
    guard classes.count > 1 else {
      throw Failure(.badData, "\(path): every label is \(shown(distinct[0].utf8)): there is nothing to tell apart")
    }
    let places = distinct.map { classes.place(of: $0)! }
    for row in labels.indices { labels[row] = places[Int(labels[row])] }
  }
}
