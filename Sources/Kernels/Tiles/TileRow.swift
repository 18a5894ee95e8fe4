/// A row of a tile: sums in one vector, or in some that lie side by side.
protocol TileRow: BitwiseCopyable {
  associatedtype Vector: LaneVector

  /// Numbers in it.
  static var width: Int { get }

  /// Zeros.
  init()

  /// Of the vectors 0, 1, …
  init(_ vector: (Int) -> Vector)

  /// self ← self + numbers · factors, each product fused into its sum.
  mutating func addProduct(_ numbers: Self, _ factors: Vector)

  static func + (a: Self, b: Self) -> Self

  func store(_ address: UnsafeMutablePointer<Float>)

  /// The first `count` numbers only.
  func store(_ address: UnsafeMutablePointer<Float>, count: Int)
}

extension TileRow {
  static var vectors: Int { width / Vector.scalarCount }

  /// `width` numbers from anywhere.
  @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Self {
    Self { .load(address + $0 &* Vector.scalarCount) }
  }

  /// Adds its first `count` numbers to those in memory.
  @inline(__always)
  func add(to address: UnsafeMutablePointer<Float>, count: Int) {
    // What is read beyond `count` is not stored.
    (.load(address) + self).store(address, count: count)
  }

  /// self ← self + factor · numbers.
  @inline(__always)
  mutating func add(_ factor: Float, times numbers: Self) { addProduct(numbers, Vector(repeating: factor)) }
}

/// Two parts of a row, side by side.
struct Pair<Half: TileRow>: TileRow {
  typealias Vector = Half.Vector

  private var low: Half
  private var high: Half

  static var width: Int { 2 * Half.width }

  @inline(__always)
  init() { (low, high) = (Half(), Half()) }

  @inline(__always)
  private init(_ low: Half, _ high: Half) { (self.low, self.high) = (low, high) }

  @inline(__always)
  init(_ vector: (Int) -> Vector) { self.init(Half(vector), Half { vector(Half.vectors &+ $0) }) }

  @inline(__always)
  static func + (a: Self, b: Self) -> Self { Self(a.low + b.low, a.high + b.high) }

  @inline(__always)
  mutating func addProduct(_ numbers: Self, _ factors: Vector) {
    low.addProduct(numbers.low, factors)
    high.addProduct(numbers.high, factors)
  }

  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>) {
    low.store(address)
    high.store(address + Half.width)
  }

  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>, count: Int) {
    if count == Self.width { return store(address) }
    low.store(address, count: count)
    if count > Half.width { high.store(address + Half.width, count: count - Half.width) }
  }
}

/// Three vectors: sums for the three taps of a window's row.
struct Triple<Vector: LaneVector>: TileRow {
  private(set) var first: Vector
  private(set) var second: Vector
  private(set) var third: Vector

  static var width: Int { 3 * Vector.scalarCount }

  @inline(__always)
  init() { (first, second, third) = (Vector(), Vector(), Vector()) }

  @inline(__always)
  init(_ first: Vector, _ second: Vector, _ third: Vector) {
    (self.first, self.second, self.third) = (first, second, third)
  }

  @inline(__always)
  init(_ vector: (Int) -> Vector) { self.init(vector(0), vector(1), vector(2)) }

  @inline(__always)
  static func + (a: Self, b: Self) -> Self { Self(a.first + b.first, a.second + b.second, a.third + b.third) }

  @inline(__always)
  mutating func addProduct(_ numbers: Self, _ factors: Vector) {
    first.addProduct(factors, numbers.first)
    second.addProduct(factors, numbers.second)
    third.addProduct(factors, numbers.third)
  }

  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>) {
    first.store(address)
    second.store(address + Vector.scalarCount)
    third.store(address + 2 * Vector.scalarCount)
  }

  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>, count: Int) {
    precondition(count == Self.width)
    store(address)
  }
}
