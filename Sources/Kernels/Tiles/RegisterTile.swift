/// Sums held in registers while a kernel adds outer products to them: `rows` rows of `width` numbers.
///
/// Tiles are composed: `Quad` has four rows, `Doubled` twice as many as another. Rows are stored one by one, since the
/// optimizer keeps these in registers, and an array of them in memory.
protocol RegisterTile {
  associatedtype Row: TileRow
  /// Where the numbers that multiply each row are.
  associatedtype Places: RowPlaces
  /// For rows that are no whole number of tiles: a tile of fewer, or this one.
  associatedtype Rest: RegisterTile where Rest.Row == Row

  static var rows: Int { get }

  /// Of the rows 0, 1, …
  init(_ row: (Int) -> Row)

  /// row r ← row r + factors[r · stride] · numbers, each product fused into its sum.
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: Row)

  /// row r ← row r + factors.row r [k] · numbers.
  mutating func add(_ factors: Places, _ k: Int, times numbers: Row)

  /// Hands each row's number and sums to `body`.
  func forEachRow(_ body: (Int, Row) -> Void)
}

/// One whose rows may be neighbouring pixels of a convolution.
protocol PixelTile: RegisterTile {
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
}

extension RegisterTile {
  /// Numbers in a row.
  static var width: Int { Row.width }
  /// Numbers in all rows.
  static var count: Int { rows * width }

  @inline(__always)
  static var zero: Self { Self { _ in Row() } }

  /// Rows from memory, `stride` numbers apart.
  @inline(__always)
  init(_ address: UnsafePointer<Float>, stride: Int) { self.init { .load(address + $0 &* stride) } }

  /// Covers `rows` rows by tiles: hands the first row of each to `body`, and of each that is a `Rest` to `rest`. The last one
  /// may reach beyond.
  ///
  /// Two tiles of fewer rows take less time than a whole one and another that is mostly idle.
  @inline(__always)
  static func cover(_ rows: Int, _ body: (Int) -> Void, rest: (Int) -> Void) {
    var first = 0
    if Rest.rows < Self.rows {
      while rows &- first > Rest.rows && rows &- first != 2 &* Rest.rows {
        body(first)
        first &+= Self.rows
      }
      while first < rows {
        rest(first)
        first &+= Rest.rows
      }
    } else {
      while first < rows {
        body(first)
        first &+= Self.rows
      }
    }
  }

  /// Stores rows `stride` numbers apart.
  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>, stride: Int) {
    forEachRow { row, sums in sums.store(address + row &* stride) }
  }

  /// `add` with numbers from memory.
  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: UnsafePointer<Float>) {
    add(factors, stride: stride, times: Row.load(numbers))
  }
}
