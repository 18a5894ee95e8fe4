/// Operations on every number of a piece of memory, 16 at a time.
///
/// The loops are written out in vectors, and their functions are not inlined: inside larger loops, plain ones did not
/// vectorise.
enum Elementwise {
  typealias Vector = SIMD16<Float>
  typealias Numbers = UnsafeMutablePointer<Float>

  /// y ← max(y, 0). NaN stays NaN: a diverged run must not look like a dead unit.
  @inline(never)
  static func rectify(_ y: Numbers, _ count: Int) {
    for index in vectors(count) { rectified(.load(y + index)).store(y + index) }
    for index in rest(count) { y[index] = y[index] < 0 ? 0 : y[index] }
  }

  /// g ← 0 where y = 0.
  @inline(never)
  static func mask(_ g: Numbers, whereZero y: UnsafePointer<Float>, _ count: Int) {
    for index in vectors(count) {
      Vector.load(g + index).replacing(with: 0, where: Vector.load(y + index) .== 0).store(g + index)
    }
    for index in rest(count) where y[index] == 0 { g[index] = 0 }
  }

  /// y ← y + x.
  @inline(never)
  static func add(_ x: UnsafePointer<Float>, to y: Numbers, _ count: Int) {
    for index in vectors(count) { (Vector.load(y + index) + Vector.load(x + index)).store(y + index) }
    for index in rest(count) { y[index] += x[index] }
  }

  /// sums (columns) ← sums + Σ over `rows` rows of x, each `stride` after the one before.
  @inline(never)
  static func addRows(_ x: UnsafePointer<Float>, _ rows: Int, _ columns: Int, stride: Int, to sums: Numbers) {
    for index in vectors(columns) {
      var (sum, x) = (Vector.load(sums + index), x + index)
      for _ in 0..<rows {
        sum += Vector.load(x)
        x += stride
      }
      sum.store(sums + index)
    }
    for index in rest(columns) {
      for row in 0..<rows { sums[index] += x[row &* stride &+ index] }
    }
  }

  @inline(__always)
  private static func vectors(_ count: Int) -> StrideTo<Int> { stride(from: 0, to: count / 16 * 16, by: 16) }

  @inline(__always)
  private static func rest(_ count: Int) -> Range<Int> { count / 16 * 16..<count }
}

/// max(y, 0). NaN stays NaN: a diverged run must not look like a dead unit.
@inline(__always)
func rectified(_ y: SIMD16<Float>) -> SIMD16<Float> { y.replacing(with: 0, where: y .< 0) }
