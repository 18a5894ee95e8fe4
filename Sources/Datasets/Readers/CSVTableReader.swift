import Failures
import Options

/// Reads a table from a CSV file, whose lines are as `CSVLines` says.
///
/// The first line is a header, and no row, if one of its fields outside the label column is neither empty nor a number, or
/// if the label column is given by its name. Memory stays within a small multiple of the file.
struct CSVTableReader {
  /// A column with more distinct labels than these is hardly meant to be one of classes.
  private static let mostClasses = 65_536

  private let path: String
  private let lines: CSVLines
  private let training: CSVTable?
  private let memory: ReadMemory
  private var table: CSVTable
  /// The distinct labels of a training file, in the order of their first use.
  private var distinct: [String] = []
  /// What a label stands for: its place in `distinct`, or in a test file its class.
  private var places: [String: Int32] = [:]
  /// What the texts in `distinct` and `places` take, about.
  private var labelBytes = 0

  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - training: what a test file belongs to. It has the same columns, and labels that the training file has.
  ///   - memory: what can be had of it.
  /// - Throws: `Failure(.badData)` with path, line and column for what is no such table; `Failure(.usage)` for a label
  ///   column that is not there; `Failure(.inputOutput)` if the file cannot be read; `Failure(.internal)` if what it holds does
  ///   not fit into memory.
  static func read(
    _ path: String, label: CSVFiles.LabelColumn, matching training: CSVTable? = nil, memory: ReadMemory
  ) throws -> CSVTable {
    var reader = try CSVTableReader(path, label: label, matching: training, memory: memory)
    return try reader.readRows()
  }

  /// Reads the first line.
  private init(
    _ path: String, label: CSVFiles.LabelColumn, matching training: CSVTable?, memory: ReadMemory
  ) throws {
    self.path = path
    self.memory = memory
    self.training = training
    lines = try CSVLines(path: path)
    guard try lines.next() else { throw Failure(.badData, "\(path): has no rows") }
    guard lines.fieldCount > 1 else { throw lines.badData("has one column, where features and a label should be") }
    table = CSVTable(
      columnCount: lines.fieldCount, labelColumn: try training?.labelColumn ?? Self.column(label, of: lines))
    if let training, training.columnCount != table.columnCount {
      throw lines.badData("has \(table.columnCount) columns, and the training file \(training.columnCount)")
    }
    if let training { table.classes = training.classes }
    let fields = (0..<lines.fieldCount).map(lines.text)
    if fields == training?.header || isHeader(fields, label) { table.header = fields }
    if let own = table.header, let other = training?.header, own != other {
      throw lines.badData("the columns are not named as in the training file")
    }
  }

  private static func column(_ label: CSVFiles.LabelColumn, of lines: CSVLines) throws -> Int {
    switch label {
    case .last: return lines.fieldCount - 1
    case .number(let number):
      guard number <= lines.fieldCount else {
        throw Failure(
          .usage, "\(lines.path): has \(lines.fieldCount) columns, and the label should be in the \(number)th")
      }
      return number - 1
    case .name(let name):
      let names = (0..<lines.fieldCount).map(lines.text)
      guard let column = names.firstIndex(of: name) else {
        let hint = nearestName(to: name, among: names).map { "; did you mean \(shown($0.utf8))?" } ?? ""
        throw Failure(.usage, "\(lines.path): no column is named \(shown(name.utf8))\(hint)")
      }
      guard names.lastIndex(of: name) == column else {
        throw Failure(.usage, "\(lines.path): several columns are named \(shown(name.utf8)): count the label's from 1")
      }
      return column
    }
  }

  private func isHeader(_ fields: [String], _ label: CSVFiles.LabelColumn) -> Bool {
    if training == nil, case .name = label { return true }
    // NaN, infinity and what is too large are numbers here, to be refused as such and not to go unnoticed.
    return fields.indices.contains { $0 != table.labelColumn && !fields[$0].isEmpty && Double(fields[$0]) == nil }
  }

  // MARK: Rows

  private mutating func readRows() throws -> CSVTable {
    if table.header == nil { try readRow() }
    while try lines.next() { try readRow() }
    guard !table.labels.isEmpty else { throw Failure(.badData, "\(path): has no rows") }
    if training == nil { try orderClasses() }
    return table
  }

  private mutating func readRow() throws {
    guard lines.fieldCount == table.columnCount else {
      throw lines.badData("has \(lines.fieldCount) fields, and the first line \(table.columnCount)")
    }
    guard table.labels.count < Int(Int32.max) else { throw lines.badData("only \(Int32.max) rows are read") }
    for field in 0..<lines.fieldCount where field != table.labelColumn {
      guard let number = lines.number(field) else { throw badField(field, "should be a finite number") }
      table.features.append(number)
    }
    table.labels.append(try readLabel())
    try memory.require(bytes, at: lines.place)
  }

  /// What the table takes, with the places of its rows and a copy of their labels.
  private var bytes: Int {
    let row = 2 * MemoryLayout<Int32>.stride + MemoryLayout<Int>.stride
    return table.features.count * MemoryLayout<Float>.stride + table.labels.count * row + labelBytes
  }

  private mutating func readLabel() throws -> Int32 {
    let text = lines.text(table.labelColumn)
    if let place = places[text] { return place }
    guard CSVClasses.isLabel(text) else {
      throw badField(table.labelColumn, "should be a label, a whole number or a word")
    }
    let place = try training == nil ? addLabel(text) : findClass(text)
    places[text] = place
    labelBytes += 2 * text.utf8.count + 64
    return place
  }

  private mutating func addLabel(_ text: String) throws -> Int32 {
    guard distinct.count < Self.mostClasses else {
      throw lines.badData(
        "has the \(distinct.count + 1)th label: is this the label's column?", field: table.labelColumn)
    }
    distinct.append(text)
    return Int32(distinct.count - 1)
  }

  private func findClass(_ text: String) throws -> Int32 {
    guard let place = table.classes.place(of: text) else {
      throw badField(table.labelColumn, "is a label that does not occur in the training file")
    }
    return place
  }

  private func badField(_ field: Int, _ what: String) -> Failure {
    let bytes = lines.bytes(field)
    return lines.badData(bytes.isEmpty ? "the field is empty; it \(what)" : "\(shown(bytes)) \(what)", field: field)
  }

  /// Numbers the classes in the order of their labels.
  private mutating func orderClasses() throws {
    table.classes = CSVClasses(distinct)
    guard table.classes.count > 1 else {
      throw Failure(.badData, "\(path): every label is \(shown(distinct[0].utf8)): there is nothing to tell apart")
    }
    let places = distinct.map { table.classes.place(of: $0)! }
    for row in table.labels.indices { table.labels[row] = places[Int(table.labels[row])] }
  }
}
