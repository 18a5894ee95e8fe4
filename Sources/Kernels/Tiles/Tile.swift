/// Eight rows of two vectors of sums, held in registers: the heart of every dense kernel.
///
/// One step adds the outer product of eight numbers and two vectors: 16 fused multiply-adds for 10 loads, so that the
/// multipliers of a core, not its loads, are what limits. More rows do not fit the registers; fewer leave them idle.
struct Tile: RegisterTile {
  typealias Pair = (Vector, Vector)

  /// Rows, and numbers in a row.
  static let rows = 8
  static let width = 32

  // Stored one by one: the optimizer keeps these in registers, and an array of them in memory.
  var row0: Pair
  var row1: Pair
  var row2: Pair
  var row3: Pair
  var row4: Pair
  var row5: Pair
  var row6: Pair
  var row7: Pair

  /// All rows the same.
  @inline(__always)
  init(repeating pair: Pair) {
    (row0, row1, row2, row3) = (pair, pair, pair, pair)
    (row4, row5, row6, row7) = (pair, pair, pair, pair)
  }

  @inline(__always)
  static var zero: Tile { Tile(repeating: (Vector(), Vector())) }

  /// The first 32 numbers of each row.
  @inline(__always)
  init(_ rows: TileRows) {
    row0 = Self.load(rows.row0)
    row1 = Self.load(rows.row1)
    row2 = Self.load(rows.row2)
    row3 = Self.load(rows.row3)
    row4 = Self.load(rows.row4)
    row5 = Self.load(rows.row5)
    row6 = Self.load(rows.row6)
    row7 = Self.load(rows.row7)
  }

  /// row r ← row r + factors.row r [k] · pair, each product fused into its sum.
  @inline(__always)
  mutating func add(_ factors: TileRows, _ k: Int, times pair: Pair) {
    Self.add(&row0, factors.row0[k], pair)
    Self.add(&row1, factors.row1[k], pair)
    Self.add(&row2, factors.row2[k], pair)
    Self.add(&row3, factors.row3[k], pair)
    Self.add(&row4, factors.row4[k], pair)
    Self.add(&row5, factors.row5[k], pair)
    Self.add(&row6, factors.row6[k], pair)
    Self.add(&row7, factors.row7[k], pair)
  }

  @inline(__always)
  init(_ address: UnsafePointer<Float>, stride: Int) { self.init(TileRows(address, stride: stride)) }

  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: UnsafePointer<Float>) {
    let pair = Self.load(numbers)
    Self.add(&row0, factors[0], pair)
    Self.add(&row1, factors[stride], pair)
    Self.add(&row2, factors[2 &* stride], pair)
    Self.add(&row3, factors[3 &* stride], pair)
    Self.add(&row4, factors[4 &* stride], pair)
    Self.add(&row5, factors[5 &* stride], pair)
    Self.add(&row6, factors[6 &* stride], pair)
    Self.add(&row7, factors[7 &* stride], pair)
  }

  @inline(__always)
  func forEachRow(_ body: (Int, Pair) -> Void) {
    body(0, row0)
    body(1, row1)
    body(2, row2)
    body(3, row3)
    body(4, row4)
    body(5, row5)
    body(6, row6)
    body(7, row7)
  }

  @inline(__always)
  static func add(_ sums: inout Pair, _ factor: Float, _ pair: Pair) {
    let factors = Vector(repeating: factor)
    sums.0.addProduct(factors, pair.0)
    sums.1.addProduct(factors, pair.1)
  }

  /// 32 numbers from anywhere.
  @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Pair { (.load(address), .load(address + 16)) }

  @inline(__always)
  static func store(_ pair: Pair, _ address: UnsafeMutablePointer<Float>) {
    pair.0.store(address)
    pair.1.store(address + 16)
  }

  @inline(__always)
  static func store(_ pair: Pair, _ address: UnsafeMutablePointer<Float>, count: Int) {
    if count == width { return store(pair, address) }
    pair.0.store(address, count: count)
    if count > 16 { pair.1.store(address + 16, count: count - 16) }
  }

  @inline(__always)
  static func add(_ pair: Pair, to address: UnsafeMutablePointer<Float>, count: Int) {
    // What is read beyond `count` is not stored.
    let sums = load(address)
    store((sums.0 + pair.0, sums.1 + pair.1), address, count: count)
  }
}

/// Where the eight rows that go into a tile are.
struct TileRows {
  let row0: UnsafePointer<Float>
  let row1: UnsafePointer<Float>
  let row2: UnsafePointer<Float>
  let row3: UnsafePointer<Float>
  let row4: UnsafePointer<Float>
  let row5: UnsafePointer<Float>
  let row6: UnsafePointer<Float>
  let row7: UnsafePointer<Float>

  /// Rows `stride` numbers apart.
  @inline(__always)
  init(_ address: UnsafePointer<Float>, stride: Int) { self.init(address, stride: stride, valid: Tile.rows) }

  /// Rows from `base` on, each its own number further on.
  @inline(__always)
  init(_ base: UnsafePointer<Float>, offsets: UnsafePointer<Int32>) {
    row0 = base + Int(offsets[0])
    row1 = base + Int(offsets[1])
    row2 = base + Int(offsets[2])
    row3 = base + Int(offsets[3])
    row4 = base + Int(offsets[4])
    row5 = base + Int(offsets[5])
    row6 = base + Int(offsets[6])
    row7 = base + Int(offsets[7])
  }

  /// Rows `stride` numbers apart; past the last of `valid` rows, that one again.
  @inline(__always)
  init(_ address: UnsafePointer<Float>, stride: Int, valid: Int) {
    let last = valid - 1
    row0 = address
    row1 = address + min(1, last) &* stride
    row2 = address + min(2, last) &* stride
    row3 = address + min(3, last) &* stride
    row4 = address + min(4, last) &* stride
    row5 = address + min(5, last) &* stride
    row6 = address + min(6, last) &* stride
    row7 = address + min(7, last) &* stride
  }
}
