/// A tile whose rows are neighbouring pixels: a number that is loaded serves all three taps of a window's row.
protocol ThreeTapTile: RegisterTile {
  /// row r ← row r + x[r − 1] · w[0] + x[r] · w[1] + x[r + 1] · w[2]: 48 fused multiply-adds for at most 21 loads.
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

extension Tile: ThreeTapTile {
  @inline(__always)
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times weights: UnsafePointer<Float>, tapStride: Int
  ) {
    let w0 = Self.load(weights)
    let w1 = Self.load(weights + tapStride)
    let w2 = Self.load(weights + 2 &* tapStride)
    Self.add(&row0, before[0], w0)
    let x0 = pixels[0]
    Self.add(&row0, x0, w1)
    Self.add(&row1, x0, w0)
    let x1 = pixels[1 &* stride]
    Self.add(&row0, x1, w2)
    Self.add(&row1, x1, w1)
    Self.add(&row2, x1, w0)
    let x2 = pixels[2 &* stride]
    Self.add(&row1, x2, w2)
    Self.add(&row2, x2, w1)
    Self.add(&row3, x2, w0)
    let x3 = pixels[3 &* stride]
    Self.add(&row2, x3, w2)
    Self.add(&row3, x3, w1)
    Self.add(&row4, x3, w0)
    let x4 = pixels[4 &* stride]
    Self.add(&row3, x4, w2)
    Self.add(&row4, x4, w1)
    Self.add(&row5, x4, w0)
    let x5 = pixels[5 &* stride]
    Self.add(&row4, x5, w2)
    Self.add(&row5, x5, w1)
    Self.add(&row6, x5, w0)
    let x6 = pixels[6 &* stride]
    Self.add(&row5, x6, w2)
    Self.add(&row6, x6, w1)
    Self.add(&row7, x6, w0)
    let x7 = pixels[7 &* stride]
    Self.add(&row6, x7, w2)
    Self.add(&row7, x7, w1)
    Self.add(&row7, after[0], w2)
  }
}

extension TallTile: ThreeTapTile {
  @inline(__always)
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times weights: UnsafePointer<Float>, tapStride: Int
  ) {
    let w0 = Vector.load(weights)
    let w1 = Vector.load(weights + tapStride)
    let w2 = Vector.load(weights + 2 &* tapStride)
    Self.add(&row0, before[0], w0)
    let x0 = pixels[0]
    Self.add(&row0, x0, w1)
    Self.add(&row1, x0, w0)
    let x1 = pixels[1 &* stride]
    Self.add(&row0, x1, w2)
    Self.add(&row1, x1, w1)
    Self.add(&row2, x1, w0)
    let x2 = pixels[2 &* stride]
    Self.add(&row1, x2, w2)
    Self.add(&row2, x2, w1)
    Self.add(&row3, x2, w0)
    let x3 = pixels[3 &* stride]
    Self.add(&row2, x3, w2)
    Self.add(&row3, x3, w1)
    Self.add(&row4, x3, w0)
    let x4 = pixels[4 &* stride]
    Self.add(&row3, x4, w2)
    Self.add(&row4, x4, w1)
    Self.add(&row5, x4, w0)
    let x5 = pixels[5 &* stride]
    Self.add(&row4, x5, w2)
    Self.add(&row5, x5, w1)
    Self.add(&row6, x5, w0)
    let x6 = pixels[6 &* stride]
    Self.add(&row5, x6, w2)
    Self.add(&row6, x6, w1)
    Self.add(&row7, x6, w0)
    let x7 = pixels[7 &* stride]
    Self.add(&row6, x7, w2)
    Self.add(&row7, x7, w1)
    Self.add(&row8, x7, w0)
    let x8 = pixels[8 &* stride]
    Self.add(&row7, x8, w2)
    Self.add(&row8, x8, w1)
    Self.add(&row9, x8, w0)
    let x9 = pixels[9 &* stride]
    Self.add(&row8, x9, w2)
    Self.add(&row9, x9, w1)
    Self.add(&row10, x9, w0)
    let x10 = pixels[10 &* stride]
    Self.add(&row9, x10, w2)
    Self.add(&row10, x10, w1)
    Self.add(&row11, x10, w0)
    let x11 = pixels[11 &* stride]
    Self.add(&row10, x11, w2)
    Self.add(&row11, x11, w1)
    Self.add(&row12, x11, w0)
    let x12 = pixels[12 &* stride]
    Self.add(&row11, x12, w2)
    Self.add(&row12, x12, w1)
    Self.add(&row13, x12, w0)
    let x13 = pixels[13 &* stride]
    Self.add(&row12, x13, w2)
    Self.add(&row13, x13, w1)
    Self.add(&row14, x13, w0)
    let x14 = pixels[14 &* stride]
    Self.add(&row13, x14, w2)
    Self.add(&row14, x14, w1)
    Self.add(&row15, x14, w0)
    let x15 = pixels[15 &* stride]
    Self.add(&row14, x15, w2)
    Self.add(&row15, x15, w1)
    Self.add(&row15, after[0], w2)
  }
}
