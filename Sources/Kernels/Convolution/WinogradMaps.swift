/// The two fast convolutions that there are maps for.
enum WinogradForm: CaseIterable, Sendable {
  case fourOfThreeTaps, twoOfFiveTaps

  /// Of a tile, in each direction.
  var outputs: Int { self == .fourOfThreeTaps ? FourOfThreeTaps.outputs : TwoOfFiveTaps.outputs }
  var taps: Int { self == .fourOfThreeTaps ? FourOfThreeTaps.taps : TwoOfFiveTaps.taps }
}

/// What differs between F(4, 3) and F(2, 5) of `WinogradTransforms`.
protocol WinogradMaps {
  typealias Rows = WinogradTransforms.Rows
  typealias Vector = WinogradTransforms.Vector
  typealias Target = WinogradTransforms.Target

  static var outputs: Int { get }
  static var taps: Int { get }

  /// Aᵀ m: 6 → outputs.
  static func output(_ m: Rows, _ at: Int, _ y: Target, _ step: Int)
  /// A y, the adjoint of `output`: outputs → 6.
  static func outputGradient(_ y: Rows, _ at: Int, _ m: Target, _ step: Int)
  /// G g: taps → 6.
  static func weights(_ g: Rows, _ at: Int, _ u: Target, _ step: Int)
  /// Gᵀ u, the adjoint of `weights`: 6 → taps.
  static func weightGradient(_ u: Rows, _ at: Int, _ g: Target, _ step: Int)
}

/// F(4, 3).
enum FourOfThreeTaps: WinogradMaps {
  static var outputs: Int { 4 }
  static var taps: Int { 3 }

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

  @inline(__always)
  static func weightGradient(_ u: Rows, _ at: Int, _ g: Target, _ step: Int) {
    let (u0, u1, u2) = (Vector.load(u.row0 + at), Vector.load(u.row1 + at), Vector.load(u.row2 + at))
    let (u3, u4, u5) = (Vector.load(u.row3 + at), Vector.load(u.row4 + at), Vector.load(u.row5 + at))
    let (sum, sum2) = (constant(-1 / 6) * (u1 + u2), u3 + u4)
    (constant(1 / 4) * u0 + sum + constant(1 / 24) * sum2).store(g)
    (constant(1 / 6) * (u2 - u1) + constant(1 / 12) * (u3 - u4)).store(g + step)
    (sum + constant(1 / 6) * sum2 + u5).store(g + 2 &* step)
  }
}

/// F(2, 5).
enum TwoOfFiveTaps: WinogradMaps {
  static var outputs: Int { 2 }
  static var taps: Int { 5 }

  @inline(__always)
  static func output(_ m: Rows, _ at: Int, _ y: Target, _ step: Int) {
    let (m0, m1, m2) = (Vector.load(m.row0 + at), Vector.load(m.row1 + at), Vector.load(m.row2 + at))
    let (m3, m4, m5) = (Vector.load(m.row3 + at), Vector.load(m.row4 + at), Vector.load(m.row5 + at))
    (m0 + (m1 + m2) + (m3 + m4)).store(y)
    (m1 - m2 + m5).addingProduct(m3 - m4, constant(2)).store(y + step)
  }

  @inline(__always)
  static func outputGradient(_ y: Rows, _ at: Int, _ m: Target, _ step: Int) {
    let (y0, y1) = (Vector.load(y.row0 + at), Vector.load(y.row1 + at))
    y0.store(m)
    (y0 + y1).store(m + step)
    (y0 - y1).store(m + 2 &* step)
    y0.addingProduct(y1, constant(2)).store(m + 3 &* step)
    y0.addingProduct(y1, constant(-2)).store(m + 4 &* step)
    y1.store(m + 5 &* step)
  }

  @inline(__always)
  static func weights(_ g: Rows, _ at: Int, _ u: Target, _ step: Int) {
    let (g0, g1, g2) = (Vector.load(g.row0 + at), Vector.load(g.row1 + at), Vector.load(g.row2 + at))
    let (g3, g4) = (Vector.load(g.row3 + at), Vector.load(g.row4 + at))
    let (even, odd) = (constant(-1 / 6) * (g0 + g2 + g4), constant(-1 / 6) * (g1 + g3))
    let even2 = constant(1 / 24) * g0 + constant(1 / 6) * g2 + constant(2 / 3) * g4
    let odd2 = constant(1 / 12) * g1 + constant(1 / 3) * g3
    (constant(1 / 4) * g0).store(u)
    (even + odd).store(u + step)
    (even - odd).store(u + 2 &* step)
    (even2 + odd2).store(u + 3 &* step)
    (even2 - odd2).store(u + 4 &* step)
    g4.store(u + 5 &* step)
  }

  @inline(__always)
  static func weightGradient(_ u: Rows, _ at: Int, _ g: Target, _ step: Int) {
    let (u0, u1, u2) = (Vector.load(u.row0 + at), Vector.load(u.row1 + at), Vector.load(u.row2 + at))
    let (u3, u4, u5) = (Vector.load(u.row3 + at), Vector.load(u.row4 + at), Vector.load(u.row5 + at))
    let (even, odd) = (constant(-1 / 6) * (u1 + u2), constant(-1 / 6) * (u1 - u2))
    let (even2, odd2) = (u3 + u4, u3 - u4)
    (constant(1 / 4) * u0 + even + constant(1 / 24) * even2).store(g)
    (odd + constant(1 / 12) * odd2).store(g + step)
    (even + constant(1 / 6) * even2).store(g + 2 &* step)
    (odd + constant(1 / 3) * odd2).store(g + 3 &* step)
    (even + constant(2 / 3) * even2 + u5).store(g + 4 &* step)
  }
}

@inline(__always)
private func constant(_ number: Float) -> SIMD16<Float> { WinogradTransforms.constant(number) }
