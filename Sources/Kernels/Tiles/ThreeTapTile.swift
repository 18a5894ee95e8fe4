/// A tile whose rows are neighbouring pixels: a number that is loaded serves all three taps of a window's row.
protocol ThreeTapTile: RegisterTile {
  /// `width` numbers from anywhere.
  static func load(_ address: UnsafePointer<Float>) -> Row

  /// sums ← sums + factor · numbers.
  static func add(_ sums: inout Row, _ factor: Float, _ numbers: Row)

  /// row r ← row r + x[r − 1] · w[0] + x[r] · w[1] + x[r + 1] · w[2]: 48 fused multiply-adds for about 20 loads.
  ///
  /// - Parameters:
  ///   - before: x[−1].
  ///   - pixels: x[0], and the following ones `stride` numbers apart.
  ///   - after: x[rows].
  ///   - weights: w[0], of `width` numbers, and the other two `tapStride` numbers apart.
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times weights: UnsafePointer<Float>, tapStride: Int)
}

extension ThreeTapTile {
  typealias Taps = (Row, Row, Row)

  @inline(__always)
  static func taps(_ weights: UnsafePointer<Float>, _ stride: Int) -> Taps {
    (load(weights), load(weights + stride), load(weights + 2 &* stride))
  }

  /// Eight neighbouring rows of it.
  @inline(__always)
  static func addTaps(
    _ row0: inout Row, _ row1: inout Row, _ row2: inout Row, _ row3: inout Row, _ row4: inout Row, _ row5: inout Row,
    _ row6: inout Row, _ row7: inout Row, _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>,
    _ after: UnsafePointer<Float>, stride: Int, _ w: Taps
  ) {
    add(&row0, before[0], w.0)
    let x0 = pixels[0]
    add(&row0, x0, w.1)
    add(&row1, x0, w.0)
    let x1 = pixels[stride]
    add(&row0, x1, w.2)
    add(&row1, x1, w.1)
    add(&row2, x1, w.0)
    let x2 = pixels[2 &* stride]
    add(&row1, x2, w.2)
    add(&row2, x2, w.1)
    add(&row3, x2, w.0)
    let x3 = pixels[3 &* stride]
    add(&row2, x3, w.2)
    add(&row3, x3, w.1)
    add(&row4, x3, w.0)
    let x4 = pixels[4 &* stride]
    add(&row3, x4, w.2)
    add(&row4, x4, w.1)
    add(&row5, x4, w.0)
    let x5 = pixels[5 &* stride]
    add(&row4, x5, w.2)
    add(&row5, x5, w.1)
    add(&row6, x5, w.0)
    let x6 = pixels[6 &* stride]
    add(&row5, x6, w.2)
    add(&row6, x6, w.1)
    add(&row7, x6, w.0)
    let x7 = pixels[7 &* stride]
    add(&row6, x7, w.2)
    add(&row7, x7, w.1)
    add(&row7, after[0], w.2)
  }
}

extension Tile: ThreeTapTile {
  @inline(__always)
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times weights: UnsafePointer<Float>, tapStride: Int
  ) {
    Self.addTaps(
      &row0, &row1, &row2, &row3, &row4, &row5, &row6, &row7, before, pixels, after, stride: stride,
      Self.taps(weights, tapStride))
  }
}

extension TallTile: ThreeTapTile {
  @inline(__always)
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times weights: UnsafePointer<Float>, tapStride: Int
  ) {
    let taps = Self.taps(weights, tapStride)
    let middle = pixels + 8 &* stride
    Self.addTaps(
      &row0, &row1, &row2, &row3, &row4, &row5, &row6, &row7, before, pixels, middle, stride: stride, taps)
    Self.addTaps(
      &row8, &row9, &row10, &row11, &row12, &row13, &row14, &row15, middle - stride, middle, after, stride: stride, taps
    )
  }
}
