/// Products of small matrices, such as those of an attention head: c ← a · b, or c ← c + a · b where `adding`. Our own
/// kernels sum into a tile of registers and read both factors where they lie; elsewhere BLAS does it.
enum SmallProduct {
  typealias Numbers = UnsafeMutablePointer<Float>

  /// c (m, n) ← a (m, k) · b (k, n).
  static func multiply(_ c: Matrix, _ a: Matrix, _ b: Matrix, adding: Bool = false) {
    guard VectorUnit.suitsTiles else { return c.multiply(a, b, accumulating: adding) }
    product(c, a.pointer, rowStep: a.stride, innerStep: 1, inner: a.columns, b, adding)
  }

  /// c (m, n) ← aᵀ · b with a (k, m) and b (k, n).
  static func multiply(_ c: Matrix, _ a: Matrix.Transposed, _ b: Matrix, adding: Bool = false) {
    guard VectorUnit.suitsTiles else { return c.multiply(a, b, accumulating: adding) }
    let a = a.matrix
    product(c, a.pointer, rowStep: 1, innerStep: a.stride, inner: a.rows, b, adding)
  }

  private static func product(
    _ c: Matrix, _ a: Numbers, rowStep: Int, innerStep: Int, inner: Int, _ b: Matrix, _ adding: Bool
  ) {
    for first in stride(from: 0, to: c.columns, by: Tile.width) {
      let columns = min(Tile.width, c.columns - first)
      if WeightPanels.isNarrow(columns) {
        panel(TallTile.Rest.self, c, a, rowStep, innerStep, inner, b, first, columns, adding)
      } else {
        panel(Tile.Rest.self, c, a, rowStep, innerStep, inner, b, first, columns, adding)
      }
    }
  }

  /// The columns from `first` on. Behind the last one more is read, and not stored.
  @inline(__always)
  private static func panel<T: RegisterTile>(
    _: T.Type, _ c: Matrix, _ a: Numbers, _ rowStep: Int, _ innerStep: Int, _ inner: Int, _ b: Matrix, _ first: Int,
    _ columns: Int, _ adding: Bool
  ) {
    for row in stride(from: 0, to: c.rows, by: T.rows) {
      // Past the last row the last one is computed again, and not stored.
      let last = min(T.rows, c.rows - row) &- 1
      let (y, x) = (c.row(row) + first, a + row &* rowStep)
      let places = T.Places { UnsafePointer(x + min($0, last) &* rowStep) }
      var tile = T.zero
      var numbers = UnsafePointer(b.pointer + first)
      for k in 0..<inner {
        tile.add(places, k &* innerStep, times: .load(numbers))
        numbers += b.stride
      }
      tile.forEachRow { index, sums in
        guard index <= last else { return }
        let target = y + index &* c.stride
        if adding { sums.add(to: target, count: columns) } else { sums.store(target, count: columns) }
      }
    }
  }
}
