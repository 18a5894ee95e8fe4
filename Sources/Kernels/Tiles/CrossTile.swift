/// Four by five vectors of sums, held in registers: for each of four vectors its products with each of five others.
///
/// One step is 20 fused multiply-adds for 9 loads. With both sides loaded it makes dot products, whose sums end up in
/// lanes; with one side a number in all lanes it makes an outer product.
struct CrossTile {
  typealias Vector = SIMD16<Float>
  typealias Four = (Vector, Vector, Vector, Vector)

  static let rows = 4
  static let columns = 5

  // Stored one by one, as in `Tile`.
  private(set) var column0: Four
  private(set) var column1: Four
  private(set) var column2: Four
  private(set) var column3: Four
  private(set) var column4: Four

  @inline(__always)
  init() {
    let zero = (Vector(), Vector(), Vector(), Vector())
    (column0, column1, column2, column3, column4) = (zero, zero, zero, zero, zero)
  }

  @inline(__always)
  mutating func add(_ four: Four, _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ e: Vector) {
    Self.add(&column0, four, a)
    Self.add(&column1, four, b)
    Self.add(&column2, four, c)
    Self.add(&column3, four, d)
    Self.add(&column4, four, e)
  }

  @inline(__always)
  private static func add(_ sums: inout Four, _ four: Four, _ factor: Vector) {
    sums.0.addProduct(four.0, factor)
    sums.1.addProduct(four.1, factor)
    sums.2.addProduct(four.2, factor)
    sums.3.addProduct(four.3, factor)
  }

  /// Where five columns begin, of which there may be fewer: then the last one is there again.
  struct Columns {
    let place0, place1, place2, place3, place4: Int

    /// From column `first` of `count` on, `stride` numbers apart.
    @inline(__always)
    init(_ first: Int, of count: Int, stride: Int) {
      let place = { min(first &+ $0, count &- 1) &* stride }
      (place0, place1, place2, place3, place4) = (place(0), place(1), place(2), place(3), place(4))
    }
  }

  /// Stores 64 numbers of each column.
  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>, _ columns: Columns) {
    Self.store(column0, address + columns.place0)
    Self.store(column1, address + columns.place1)
    Self.store(column2, address + columns.place2)
    Self.store(column3, address + columns.place3)
    Self.store(column4, address + columns.place4)
  }

  @inline(__always)
  private static func store(_ four: Four, _ address: UnsafeMutablePointer<Float>) {
    four.0.store(address)
    four.1.store(address + 16)
    four.2.store(address + 32)
    four.3.store(address + 48)
  }
}
