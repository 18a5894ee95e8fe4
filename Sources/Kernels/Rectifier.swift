/// Bias and rectified linear unit, row by row.
extension Matrix {
  /// Adds `bias` (columns) to every row.
  public func addToRows(_ bias: UnsafePointer<Float>) {
    for r in 0..<rows {
      let y = row(r)
      for c in 0..<columns { y[c] += bias[c] }
    }
  }

  /// y ← max(y + bias, 0), row by row.
  public func addToRowsAndRectify(_ bias: UnsafePointer<Float>) {
    for r in 0..<rows {
      let y = row(r)
      for c in 0..<columns {
        let value = y[c] + bias[c]
        // Written so that NaN stays NaN: a diverged run must not look like a dead unit.
        y[c] = value < 0 ? 0 : value
      }
    }
  }

  /// Zeroes this gradient where the rectified `output` of the same shape is zero.
  public func mask(whereZero output: Matrix) {
    precondition(rows == output.rows && columns == output.columns)
    for r in 0..<rows {
      let (g, y) = (row(r), output.row(r))
      for c in 0..<columns { g[c] = y[c] == 0 ? 0 : g[c] }
    }
  }

  /// sums (columns) ← Σ over rows, or added to it when `accumulating`.
  public func sumRows(into sums: UnsafeMutablePointer<Float>, accumulating: Bool = false) {
    if !accumulating { sums.update(repeating: 0, count: columns) }
    for r in 0..<rows {
      let g = row(r)
      for c in 0..<columns { sums[c] += g[c] }
    }
  }
}
