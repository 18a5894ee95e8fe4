/// Four rows of sums.
struct Quad<Row: TileRow>: PixelTile {
  typealias Places = FourPlaces
  typealias Rest = Self

  private var row0, row1, row2, row3: Row

  static var rows: Int { 4 }

  @inline(__always)
  init(_ row: (Int) -> Row) { (row0, row1, row2, row3) = (row(0), row(1), row(2), row(3)) }

  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: Row) {
    row0.add(factors[0], times: numbers)
    row1.add(factors[stride], times: numbers)
    row2.add(factors[2 &* stride], times: numbers)
    row3.add(factors[3 &* stride], times: numbers)
  }

  @inline(__always)
  mutating func add(_ factors: Places, _ k: Int, times numbers: Row) {
    row0.add(factors.place0[k], times: numbers)
    row1.add(factors.place1[k], times: numbers)
    row2.add(factors.place2[k], times: numbers)
    row3.add(factors.place3[k], times: numbers)
  }

  /// Pixel by pixel: no more than one of them is in a register at a time.
  @inline(__always)
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times taps: (Row, Row, Row)
  ) {
    row0.add(before[0], times: taps.0)
    let x0 = pixels[0]
    row0.add(x0, times: taps.1)
    row1.add(x0, times: taps.0)
    let x1 = pixels[stride]
    row0.add(x1, times: taps.2)
    row1.add(x1, times: taps.1)
    row2.add(x1, times: taps.0)
    let x2 = pixels[2 &* stride]
    row1.add(x2, times: taps.2)
    row2.add(x2, times: taps.1)
    row3.add(x2, times: taps.0)
    let x3 = pixels[3 &* stride]
    row2.add(x3, times: taps.2)
    row3.add(x3, times: taps.1)
    row3.add(after[0], times: taps.2)
  }

  @inline(__always)
  func forEachRow(_ body: (Int, Row) -> Void) {
    body(0, row0)
    body(1, row1)
    body(2, row2)
    body(3, row3)
  }
}
