/// Sums held in registers while a kernel adds outer products to them: `rows` rows of `width` numbers.
///
/// Tiles are composed: `Quad` has four rows, `Doubled` twice as many as another. Rows are stored one by one, since the
/// optimizer keeps these in registers, and an array of them in memory.
protocol RegisterTile {
  associatedtype Row: TileRow
  /// Where the numbers that multiply each row are.
  associatedtype Places: RowPlaces

  static var rows: Int { get }

  /// Of the rows 0, 1, …
  init(_ row: (Int) -> Row)

  /// row r ← row r + factors[r · stride] · numbers, each product fused into its sum.
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: Row)

  /// row r ← row r + factors.row r [k] · numbers.
  mutating func add(_ factors: Places, _ k: Int, times numbers: Row)

  /// row r ← row r + x[r − 1] · taps.0 + x[r] · taps.1 + x[r + 1] · taps.2: rows are neighbouring pixels, and a number that
  /// is loaded serves all three taps of a window's row.
  ///
  /// - Parameters:
  ///   - before: x[−1].
  ///   - pixels: x[0], and the following ones `stride` numbers apart.
  ///   - after: x[rows].
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times taps: (Row, Row, Row))

  /// Hands each row's number and sums to `body`.
  func forEachRow(_ body: (Int, Row) -> Void)
}

extension RegisterTile {
  /// Numbers in a row.
  static var width: Int { Row.width }

  @inline(__always)
  static var zero: Self { Self { _ in Row() } }

  /// Rows from memory, `stride` numbers apart.
  @inline(__always)
  init(_ address: UnsafePointer<Float>, stride: Int) { self.init { .load(address + $0 &* stride) } }

  /// `add` with numbers from memory.
  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: UnsafePointer<Float>) {
    add(factors, stride: stride, times: Row.load(numbers))
  }
}
