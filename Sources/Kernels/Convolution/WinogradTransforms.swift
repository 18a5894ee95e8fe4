/// Winograd's fast convolution as Lavin and Gray (2015) give it, by six products in each direction: F(4, 3) finds four
/// outputs of three taps, which take twelve products directly, F(2, 5) two outputs of five taps, which take ten.
///
///     y = Aᵀ [(G g) ∘ (Bᵀ d)]        d (6), g (taps), y (outputs); interpolation at 0, 1, −1, 2, −2 and ∞
///
/// B depends on the points alone; `WinogradMaps` has the rest. Each function maps 16 lanes at a time: it reads a vector of each
/// row and stores vectors `step` numbers apart.
enum WinogradTransforms {
  typealias Vector = SIMD16<Float>
  typealias Target = UnsafeMutablePointer<Float>

  /// Where the vectors of up to six rows are.
  struct Rows {
    let row0, row1, row2, row3, row4, row5: UnsafePointer<Float>

    @inline(__always)
    init(_ row: (Int) -> UnsafePointer<Float>) {
      (row0, row1, row2) = (row(0), row(1), row(2))
      (row3, row4, row5) = (row(3), row(4), row(5))
    }

    /// Rows `step` numbers apart.
    @inline(__always)
    init(_ first: UnsafePointer<Float>, step: Int) { self.init { first + $0 &* step } }
  }

  /// Bᵀ d: 6 → 6.
  @inline(__always)
  static func input(_ d: Rows, _ at: Int, _ t: Target, _ step: Int) {
    let (d0, d1, d2) = (Vector.load(d.row0 + at), Vector.load(d.row1 + at), Vector.load(d.row2 + at))
    let (d3, d4, d5) = (Vector.load(d.row3 + at), Vector.load(d.row4 + at), Vector.load(d.row5 + at))
    // Products are fused into the sums, explicitly: the compiler does not do it by itself.
    let (even, odd) = (d4.addingProduct(d2, constant(-4)), d3.addingProduct(d1, constant(-4)))
    let (even2, odd2) = (d4 - d2, constant(2) * (d3 - d1))
    d4.addingProduct(d2, constant(-5)).addingProduct(d0, constant(4)).store(t)
    (even + odd).store(t + step)
    (even - odd).store(t + 2 &* step)
    (even2 + odd2).store(t + 3 &* step)
    (even2 - odd2).store(t + 4 &* step)
    d5.addingProduct(d3, constant(-5)).addingProduct(d1, constant(4)).store(t + 5 &* step)
  }

  @inline(__always)
  static func constant(_ number: Float) -> Vector { Vector(repeating: number) }

  /// Applies a map from `inputs` to `outputs` numbers to the columns and then to the rows of a square of vectors.
  /// - Parameters:
  ///   - scratch: room for `inputs` times `outputs` vectors.
  ///   - rowStep, columnStep: from one row or column of the source to the next, in numbers; the same of the target.
  @inline(__always)
  static func square(
    inputs: Int, outputs: Int, _ source: UnsafePointer<Float>, rowStep: Int, columnStep: Int, _ target: Target,
    targetRow: Int, targetColumn: Int, _ scratch: Target, _ map: (Rows, Int, Target, Int) -> Void
  ) {
    let rows = Rows(source, step: rowStep)
    for column in 0..<inputs { map(rows, column &* columnStep, scratch + column &* 16, inputs &* 16) }
    let columns = Rows(scratch, step: 16)
    for row in 0..<outputs { map(columns, row &* inputs &* 16, target + row &* targetRow, targetColumn) }
  }
}
