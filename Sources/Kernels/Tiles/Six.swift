/// Six rows of sums. What is left of a number of rows goes by fours.
struct Six<Row: TileRow>: RegisterTile {
  typealias Places = SixPlaces
  typealias Rest = Quad<Row>

  private var row0, row1, row2, row3, row4, row5: Row

  static var rows: Int { 6 }

  @inline(__always)
  init(_ row: (Int) -> Row) {
    (row0, row1, row2) = (row(0), row(1), row(2))
    (row3, row4, row5) = (row(3), row(4), row(5))
  }

  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: Row) {
    row0.add(factors[0], times: numbers)
    row1.add(factors[stride], times: numbers)
    row2.add(factors[2 &* stride], times: numbers)
    row3.add(factors[3 &* stride], times: numbers)
    row4.add(factors[4 &* stride], times: numbers)
    row5.add(factors[5 &* stride], times: numbers)
  }

  @inline(__always)
  mutating func add(_ factors: Places, _ k: Int, times numbers: Row) {
    row0.add(factors.place0[k], times: numbers)
    row1.add(factors.place1[k], times: numbers)
    row2.add(factors.place2[k], times: numbers)
    row3.add(factors.place3[k], times: numbers)
    row4.add(factors.place4[k], times: numbers)
    row5.add(factors.place5[k], times: numbers)
  }

  @inline(__always)
  func forEachRow(_ body: (Int, Row) -> Void) {
    body(0, row0)
    body(1, row1)
    body(2, row2)
    body(3, row3)
    body(4, row4)
    body(5, row5)
  }
}
