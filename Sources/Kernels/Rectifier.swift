/// Bias and rectified linear unit, row by row.
extension Matrix {
  /// Adds `bias` (columns) to every row.
  public func addToRows(_ bias: UnsafePointer<Float>) {
    for r in 0..<rows {
      let y = row(r)
      for c in 0..<columns { y[c] += bias[c] }
    }
  }

  /// y ← max(y, 0). NaN stays NaN: a diverged run must not look like a dead unit.
  public func rectify() {
    for r in 0..<rows {
      let y = row(r)
      for c in 0..<columns { y[c] = y[c] < 0 ? 0 : y[c] }
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

  /// Σ over the rows, a bias' gradient, handed to `target`.
  public func sumRows(target: GradientTarget) { target.takeSum(count: columns) { addRows(to: $0) } }

  /// sums (columns) ← sums + Σ over the rows.
  public func addRows(to sums: UnsafeMutablePointer<Float>) {
    for r in 0..<rows {
      let g = row(r)
      for c in 0..<columns { sums[c] += g[c] }
    }
  }
}
