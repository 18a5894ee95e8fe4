/// Sums held in registers while a kernel adds outer products to them: `rows` rows of `width` numbers.
protocol RegisterTile {
  typealias Vector = SIMD16<Float>
  associatedtype Row

  static var rows: Int { get }
  static var width: Int { get }
  static var zero: Self { get }

  /// Rows from memory, `stride` numbers apart.
  init(_ address: UnsafePointer<Float>, stride: Int)

  /// row r ← row r + factors[r · stride] · numbers[0 ..< width], each product fused into its sum.
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: UnsafePointer<Float>)

  /// Hands each row's number and sums to `body`.
  func forEachRow(_ body: (Int, Row) -> Void)

  /// Stores the first `count` numbers of a row.
  static func store(_ row: Row, _ address: UnsafeMutablePointer<Float>, count: Int)

  /// Adds the first `count` numbers of a row to those in memory.
  static func add(_ row: Row, to address: UnsafeMutablePointer<Float>, count: Int)
}
