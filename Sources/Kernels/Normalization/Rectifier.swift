/// Bias and rectified linear unit, row by row.
extension Matrix {
  /// Adds `bias` (columns) to every row.
  public func addToRows(_ bias: UnsafePointer<Float>) {
    for r in 0..<rows { Elementwise.add(bias, to: row(r), columns) }
  }

  /// y (columns) ← y + a row.
  public func addRow(_ index: Int, to y: UnsafeMutablePointer<Float>) { Elementwise.add(row(index), to: y, columns) }

  /// y ← max(y, 0). NaN stays NaN: a diverged run must not look like a dead unit.
  public func rectify() {
    for r in 0..<rows { Elementwise.rectify(row(r), columns) }
  }

  /// Zeroes this gradient where the rectified `output` of the same shape is zero.
  public func mask(whereZero output: Matrix) {
    precondition(rows == output.rows && columns == output.columns)
    for r in 0..<rows { Elementwise.mask(row(r), whereZero: output.row(r), columns) }
  }

  /// Σ over the rows, a bias' gradient, handed to `target`.
  public func sumRows(target: GradientTarget) { target.takeSum(count: columns) { addRows(to: $0) } }

  /// sums (columns) ← sums + Σ over the rows.
  public func addRows(to sums: UnsafeMutablePointer<Float>) {
    Elementwise.addRows(row(0), rows, columns, stride: stride, to: sums)
  }
}
