/// The linear maps of F(4x4, 3x3), the fast convolution of Winograd as Lavin and Gray (2015) give it: four outputs from
/// six inputs and three weights by six products in place of twelve, in each direction.
///
///     y = Aᵀ [(G g) ∘ (Bᵀ d)]        d (6), g (3), y (4); interpolation at 0, 1, −1, 2, −2 and ∞
///
/// Each function maps 16 lanes at a time: it reads vectors `step` numbers apart and stores vectors `out` numbers apart.
enum WinogradTransforms {
  typealias Vector = SIMD16<Float>
  typealias Source = UnsafePointer<Float>
  typealias Target = UnsafeMutablePointer<Float>

  /// Bᵀ d: 6 → 6.
  @inline(__always)
  static func input(_ d: Source, _ step: Int, _ t: Target, _ out: Int) {
    let (d0, d1, d2) = (load(d), load(d + step), load(d + 2 &* step))
    let (d3, d4, d5) = (load(d + 3 &* step), load(d + 4 &* step), load(d + 5 &* step))
    // Products are fused into the sums, explicitly: the compiler does not do it by itself.
    let (even, odd) = (d4.addingProduct(d2, constant(-4)), d3.addingProduct(d1, constant(-4)))
    let (even2, odd2) = (d4 - d2, constant(2) * (d3 - d1))
    store(d4.addingProduct(d2, constant(-5)).addingProduct(d0, constant(4)), t)
    store(even + odd, t + out)
    store(even - odd, t + 2 &* out)
    store(even2 + odd2, t + 3 &* out)
    store(even2 - odd2, t + 4 &* out)
    store(d5.addingProduct(d3, constant(-5)).addingProduct(d1, constant(4)), t + 5 &* out)
  }

  /// Aᵀ m: 6 → 4.
  @inline(__always)
  static func output(_ m: Source, _ step: Int, _ y: Target, _ out: Int) {
    let (m0, m1, m2) = (load(m), load(m + step), load(m + 2 &* step))
    let (m3, m4, m5) = (load(m + 3 &* step), load(m + 4 &* step), load(m + 5 &* step))
    let (sum, difference, sum2, difference2) = (m1 + m2, m1 - m2, m3 + m4, m3 - m4)
    store(m0 + sum + sum2, y)
    store(difference.addingProduct(difference2, constant(2)), y + out)
    store(sum.addingProduct(sum2, constant(4)), y + 2 &* out)
    store((difference + m5).addingProduct(difference2, constant(8)), y + 3 &* out)
  }

  /// A y, the adjoint of `output`: 4 → 6.
  @inline(__always)
  static func outputGradient(_ y: Source, _ step: Int, _ m: Target, _ out: Int) {
    let (y0, y1, y2, y3) = (load(y), load(y + step), load(y + 2 &* step), load(y + 3 &* step))
    let (even, odd) = (y0 + y2, y1 + y3)
    let (even2, odd2) = (y0.addingProduct(y2, constant(4)), (constant(2) * y1).addingProduct(y3, constant(8)))
    store(y0, m)
    store(even + odd, m + out)
    store(even - odd, m + 2 &* out)
    store(even2 + odd2, m + 3 &* out)
    store(even2 - odd2, m + 4 &* out)
    store(y3, m + 5 &* out)
  }

  /// G g: 3 → 6.
  @inline(__always)
  static func weights(_ g: Source, _ step: Int, _ u: Target, _ out: Int) {
    let (g0, g1, g2) = (load(g), load(g + step), load(g + 2 &* step))
    let (ends, ends2) = (constant(-1 / 6) * (g0 + g2), constant(1 / 24) * g0 + constant(1 / 6) * g2)
    let (middle, middle2) = (constant(1 / 6) * g1, constant(1 / 12) * g1)
    store(constant(1 / 4) * g0, u)
    store(ends - middle, u + out)
    store(ends + middle, u + 2 &* out)
    store(ends2 + middle2, u + 3 &* out)
    store(ends2 - middle2, u + 4 &* out)
    store(g2, u + 5 &* out)
  }

  /// Gᵀ u, the adjoint of `weights`: 6 → 3.
  @inline(__always)
  static func weightGradient(_ u: Source, _ step: Int, _ g: Target, _ out: Int) {
    let (u0, u1, u2) = (load(u), load(u + step), load(u + 2 &* step))
    let (u3, u4, u5) = (load(u + 3 &* step), load(u + 4 &* step), load(u + 5 &* step))
    let (sum, sum2) = (constant(-1 / 6) * (u1 + u2), u3 + u4)
    store(constant(1 / 4) * u0 + sum + constant(1 / 24) * sum2, g)
    store(constant(1 / 6) * (u2 - u1) + constant(1 / 12) * (u3 - u4), g + out)
    store(sum + constant(1 / 6) * sum2 + u5, g + 2 &* out)
  }

  @inline(__always)
  private static func constant(_ number: Float) -> Vector { Vector(repeating: number) }

  @inline(__always)
  static func load(_ address: Source) -> Vector {
    UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  static func store(_ vector: Vector, _ address: Target) {
    UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
  }

  /// Applies a map from `inputs` to `outputs` numbers to the columns and then to the rows of a square of vectors.
  /// - Parameters:
  ///   - scratch: room for 36 vectors.
  ///   - rowStep, columnStep: from one row or column of the source to the next, in numbers; the same of the target.
  @inline(__always)
  static func square(
    inputs: Int, outputs: Int, _ source: Source, rowStep: Int, columnStep: Int, _ target: Target, targetRow: Int,
    targetColumn: Int, _ scratch: Target, _ map: (Source, Int, Target, Int) -> Void
  ) {
    for column in 0..<inputs { map(source + column &* columnStep, rowStep, scratch + column &* 16, inputs &* 16) }
    for row in 0..<outputs {
      map(scratch + row &* inputs &* 16, 16, target + row &* targetRow, targetColumn)
    }
  }
}
