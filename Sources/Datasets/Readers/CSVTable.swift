/// A table of numbers with a class for each row.
struct CSVTable {
  let columns: TableColumns
  /// (row, feature)
  let features: [Float]
  /// The class of each row.
  let labels: [Int32]
  /// Rows that were left out for a missing field.
  let droppedRows: Int
  /// Missing fields, by column.
  let missingFields: [Int]

  /// What was made of the file's fields, where that is more than to read numbers; as "'colour' is 3 features".
  var remarks: [String] {
    let name = { (index: Int) in columns.columns[index].name.map { "'\($0)'" } ?? "column \(index + 1)" }
    let ofColumns = columns.columns.indices.compactMap { index -> String? in
      let (column, missing) = (columns.columns[index], columns.missing == .mean ? missingFields[index] : 0)
      switch column.kind {
      case .words:
        let none = missing > 0 ? "; it is missing in \(missing), which have none" : ""
        return "\(name(index)) is \(column.featureCount) features, one for each word\(none)"
      case .number where missing > 0: return "\(name(index)) is missing in \(missing), which get its mean"
      case .dropped: return "\(name(index)) is left out"
      case .number, .label: return nil
      }
    }
    return ofColumns + (droppedRows > 0 ? ["\(droppedRows) rows with missing fields are left out"] : [])
  }
}
