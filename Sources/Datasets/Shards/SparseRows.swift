/// Samples with few features each, kept as compressed sparse rows: what is not there is zero.
public struct SparseRows: Equatable, Sendable {
  /// Where each row's features begin in `indices` and `values` (count + 1).
  public private(set) var rowStarts: [Int] = [0]
  /// Which features a row has, from 0, strictly ascending within a row.
  public private(set) var indices: [Int32] = []
  /// The features' values, as many as `indices`.
  public private(set) var values: [Float] = []
  /// The class of each row, in 0..<classCount.
  public internal(set) var labels: [Int32] = []
  /// Features are in 0..<featureCount.
  public internal(set) var featureCount: Int
  /// The number that stands for each class in the file, ascending.
  public internal(set) var classValues: [Double]

  /// No rows yet.
  public init(featureCount: Int, classValues: [Double]) {
    self.featureCount = featureCount
    self.classValues = classValues
  }

  public var count: Int { labels.count }
  /// What the rows take in memory.
  public var bytes: Int {
    let (nonzero, row) = (
      MemoryLayout<Int32>.stride + MemoryLayout<Float>.stride, MemoryLayout<Int>.stride + MemoryLayout<Int32>.stride
    )
    return indices.count * nonzero + count * row
  }
  public var classCount: Int { classValues.count }

  /// Where the features of a row are in `indices` and `values`.
  public func row(_ index: Int) -> Range<Int> { rowStarts[index]..<rowStarts[index + 1] }

  public mutating func reserveCapacity(rows: Int, nonzeros: Int) {
    rowStarts.reserveCapacity(rows + 1)
    labels.reserveCapacity(rows)
    indices.reserveCapacity(nonzeros)
    values.reserveCapacity(nonzeros)
  }

  /// Adds a feature to the row that `endRow` will end.
  mutating func append(_ value: Float, at index: Int32) {
    indices.append(index)
    values.append(value)
  }

  /// Makes a row of the features since the last one.
  mutating func endRow(label: Int32) {
    rowStarts.append(indices.count)
    labels.append(label)
  }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - indices: strictly ascending, in 0..<featureCount.
  ///   - values: as many.
  ///   - label: in 0..<classCount.
  public mutating func append(indices: ArraySlice<Int32>, values: ArraySlice<Float>, label: Int32) {
    precondition(indices.count == values.count && label >= 0 && label < classCount, "the row is none of these rows'")
    self.indices.append(contentsOf: indices)
    self.values.append(contentsOf: values)
    endRow(label: label)
  }
}
