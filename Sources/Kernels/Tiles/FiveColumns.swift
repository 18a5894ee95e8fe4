/// Five columns of sums, held in registers: for each of a column's vectors its products with each of five others.
///
/// With both sides loaded it makes dot products, whose sums end up in lanes; with one side a number in all lanes it makes
/// an outer product.
struct FiveColumns<Column: TileRow> {
  typealias Vector = Column.Vector

  /// Vectors of a column.
  static var rows: Int { Column.vectors }
  static var columns: Int { 5 }

  // Stored one by one, as the rows of a `RegisterTile`.
  private var column0, column1, column2, column3, column4: Column

  @inline(__always)
  init() {
    (column0, column1, column2, column3, column4) = (Column(), Column(), Column(), Column(), Column())
  }

  @inline(__always)
  mutating func add(_ numbers: Column, _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ e: Vector) {
    column0.addProduct(numbers, a)
    column1.addProduct(numbers, b)
    column2.addProduct(numbers, c)
    column3.addProduct(numbers, d)
    column4.addProduct(numbers, e)
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

  /// Stores each column.
  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>, _ columns: Columns) {
    column0.store(address + columns.place0)
    column1.store(address + columns.place1)
    column2.store(address + columns.place2)
    column3.store(address + columns.place3)
    column4.store(address + columns.place4)
  }
}
