/// The linear maps of F(4x4, 3x3), the fast convolution of Winograd as Lavin and Gray (2015) give it: four outputs from
/// six inputs and three weights by six products in place of twelve, in each direction.
///
///     y = Aᵀ [(G g) ∘ (Bᵀ d)]        d (6), g (3), y (4); interpolation at 0, 1, −1, 2, −2 and ∞
///
/// Each function maps 16 lanes at a time: it reads a vector of each row and stores vectors `step` numbers apart.
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

  /// Aᵀ m: 6 → 4.
  @inline(__always)
  static func output(_ m: Rows, _ at: Int, _ y: Target, _ step: Int) {
    let (m0, m1, m2) = (Vector.load(m.row0 + at), Vector.load(m.row1 + at), Vector.load(m.row2 + at))
    let (m3, m4, m5) = (Vector.load(m.row3 + at), Vector.load(m.row4 + at), Vector.load(m.row5 + at))
    let (sum, difference, sum2, difference2) = (m1 + m2, m1 - m2, m3 + m4, m3 - m4)
    (m0 + sum + sum2).store(y)
    difference.addingProduct(difference2, constant(2)).store(y + step)
    sum.addingProduct(sum2, constant(4)).store(y + 2 &* step)
    (difference + m5).addingProduct(difference2, constant(8)).store(y + 3 &* step)
  }

  /// A y, the adjoint of `output`: 4 → 6.
  @inline(__always)
  static func outputGradient(_ y: Rows, _ at: Int, _ m: Target, _ step: Int) {
    let (y0, y1) = (Vector.load(y.row0 + at), Vector.load(y.row1 + at))
    let (y2, y3) = (Vector.load(y.row2 + at), Vector.load(y.row3 + at))
    let (even, odd) = (y0 + y2, y1 + y3)
    let (even2, odd2) = (y0.addingProduct(y2, constant(4)), (constant(2) * y1).addingProduct(y3, constant(8)))
    y0.store(m)
    (even + odd).store(m + step)
    (even - odd).store(m + 2 &* step)
    (even2 + odd2).store(m + 3 &* step)
    (even2 - odd2).store(m + 4 &* step)
    y3.store(m + 5 &* step)
  }

  /// G g: 3 → 6.
  @inline(__always)
  static func weights(_ g: Rows, _ at: Int, _ u: Target, _ step: Int) {
    let (g0, g1, g2) = (Vector.load(g.row0 + at), Vector.load(g.row1 + at), Vector.load(g.row2 + at))
    let (ends, ends2) = (constant(-1 / 6) * (g0 + g2), constant(1 / 24) * g0 + constant(1 / 6) * g2)
    let (middle, middle2) = (constant(1 / 6) * g1, constant(1 / 12) * g1)
    (constant(1 / 4) * g0).store(u)
    (ends - middle).store(u + step)
    (ends + middle).store(u + 2 &* step)
    (ends2 + middle2).store(u + 3 &* step)
    (ends2 - middle2).store(u + 4 &* step)
    g2.store(u + 5 &* step)
  }

  /// Gᵀ u, the adjoint of `weights`: 6 → 3.
  @inline(__always)
  static func weightGradient(_ u: Rows, _ at: Int, _ g: Target, _ step: Int) {
    let (u0, u1, u2) = (Vector.load(u.row0 + at), Vector.load(u.row1 + at), Vector.load(u.row2 + at))
    let (u3, u4, u5) = (Vector.load(u.row3 + at), Vector.load(u.row4 + at), Vector.load(u.row5 + at))
    let (sum, sum2) = (constant(-1 / 6) * (u1 + u2), u3 + u4)
    (constant(1 / 4) * u0 + sum + constant(1 / 24) * sum2).store(g)
    (constant(1 / 6) * (u2 - u1) + constant(1 / 12) * (u3 - u4)).store(g + step)
    (sum + constant(1 / 6) * sum2 + u5).store(g + 2 &* step)
  }

  @inline(__always)
  private static func constant(_ number: Float) -> Vector { Vector(repeating: number) }

  /// Applies a map from `inputs` to `outputs` numbers to the columns and then to the rows of a square of vectors.
  /// - Parameters:
  ///   - scratch: room for 36 vectors.
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
