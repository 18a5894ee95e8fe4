/// Sixteen rows of one vector of sums, held in registers: what `Tile` is, for panels of at most 16 outputs.
///
/// One step adds the outer product of sixteen numbers and a vector: 16 fused multiply-adds for 17 loads, so that loads
/// limit it a little. It wastes no lanes where `Tile` would waste half.
struct TallTile: RegisterTile {
  static let rows = 16
  static let width = 16

  // Stored one by one, as in `Tile`.
  var row0: Vector
  var row1: Vector
  var row2: Vector
  var row3: Vector
  var row4: Vector
  var row5: Vector
  var row6: Vector
  var row7: Vector
  var row8: Vector
  var row9: Vector
  var row10: Vector
  var row11: Vector
  var row12: Vector
  var row13: Vector
  var row14: Vector
  var row15: Vector

  @inline(__always)
  static var zero: TallTile { TallTile(Vector()) }

  @inline(__always)
  private init(_ vector: Vector) {
    (row0, row1, row2, row3) = (vector, vector, vector, vector)
    (row4, row5, row6, row7) = (vector, vector, vector, vector)
    (row8, row9, row10, row11) = (vector, vector, vector, vector)
    (row12, row13, row14, row15) = (vector, vector, vector, vector)
  }

  @inline(__always)
  init(_ address: UnsafePointer<Float>, stride: Int) {
    row0 = Vector.load(address)
    row1 = Vector.load(address + stride)
    row2 = Vector.load(address + 2 &* stride)
    row3 = Vector.load(address + 3 &* stride)
    row4 = Vector.load(address + 4 &* stride)
    row5 = Vector.load(address + 5 &* stride)
    row6 = Vector.load(address + 6 &* stride)
    row7 = Vector.load(address + 7 &* stride)
    row8 = Vector.load(address + 8 &* stride)
    row9 = Vector.load(address + 9 &* stride)
    row10 = Vector.load(address + 10 &* stride)
    row11 = Vector.load(address + 11 &* stride)
    row12 = Vector.load(address + 12 &* stride)
    row13 = Vector.load(address + 13 &* stride)
    row14 = Vector.load(address + 14 &* stride)
    row15 = Vector.load(address + 15 &* stride)
  }

  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: UnsafePointer<Float>) {
    let vector = Vector.load(numbers)
    Self.add(&row0, factors[0], vector)
    Self.add(&row1, factors[stride], vector)
    Self.add(&row2, factors[2 &* stride], vector)
    Self.add(&row3, factors[3 &* stride], vector)
    Self.add(&row4, factors[4 &* stride], vector)
    Self.add(&row5, factors[5 &* stride], vector)
    Self.add(&row6, factors[6 &* stride], vector)
    Self.add(&row7, factors[7 &* stride], vector)
    Self.add(&row8, factors[8 &* stride], vector)
    Self.add(&row9, factors[9 &* stride], vector)
    Self.add(&row10, factors[10 &* stride], vector)
    Self.add(&row11, factors[11 &* stride], vector)
    Self.add(&row12, factors[12 &* stride], vector)
    Self.add(&row13, factors[13 &* stride], vector)
    Self.add(&row14, factors[14 &* stride], vector)
    Self.add(&row15, factors[15 &* stride], vector)
  }

  @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Vector { Vector.load(address) }

  @inline(__always)
  static func add(_ sums: inout Vector, _ factor: Float, _ vector: Vector) {
    sums.addProduct(Vector(repeating: factor), vector)
  }

  @inline(__always)
  func forEachRow(_ body: (Int, Vector) -> Void) {
    body(0, row0)
    body(1, row1)
    body(2, row2)
    body(3, row3)
    body(4, row4)
    body(5, row5)
    body(6, row6)
    body(7, row7)
    body(8, row8)
    body(9, row9)
    body(10, row10)
    body(11, row11)
    body(12, row12)
    body(13, row13)
    body(14, row14)
    body(15, row15)
  }

  @inline(__always)
  static func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, count: Int) {
    vector.store(address, count: count)
  }

  @inline(__always)
  static func add(_ vector: Vector, to address: UnsafeMutablePointer<Float>, count: Int) {
    // What is read beyond `count` is not stored.
    (Vector.load(address) + vector).store(address, count: count)
  }
}
