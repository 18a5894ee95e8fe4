/// A table of numbers with a class for each row.
struct CSVTable {
  /// The columns' names, where the file has them.
  var header: [String]?
  let columnCount: Int
  /// The column that has the labels, from 0; the others have the features.
  let labelColumn: Int
  /// (row, feature)
  var features: [Float] = []
  /// The class of each row, in 0..<classes.count.
  var labels: [Int32] = []
  var classes = CSVClasses([])

  var featureCount: Int { columnCount - 1 }
}
