/// Eight rows of three vectors of sums, held in registers: of eight input channels, the gradients for three taps.
///
/// One step is 24 fused multiply-adds for 9 loads: the vectors are neighbouring pixels' and stay for three steps.
struct TripleTile {
  typealias Vector = SIMD16<Float>
  typealias Triple = (Vector, Vector, Vector)

  static let rows = 8
  static let width = 16

  // Stored one by one, as in `Tile`.
  private var row0: Triple
  private var row1: Triple
  private var row2: Triple
  private var row3: Triple
  private var row4: Triple
  private var row5: Triple
  private var row6: Triple
  private var row7: Triple

  @inline(__always)
  init() {
    let zero = (Vector(), Vector(), Vector())
    (row0, row1, row2, row3) = (zero, zero, zero, zero)
    (row4, row5, row6, row7) = (zero, zero, zero, zero)
  }

  /// Row r, tap k ← row r, tap k + factors[r] · vector k.
  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, _ vector0: Vector, _ vector1: Vector, _ vector2: Vector) {
    let triple = (vector0, vector1, vector2)
    Self.add(&row0, factors[0], triple)
    Self.add(&row1, factors[1], triple)
    Self.add(&row2, factors[2], triple)
    Self.add(&row3, factors[3], triple)
    Self.add(&row4, factors[4], triple)
    Self.add(&row5, factors[5], triple)
    Self.add(&row6, factors[6], triple)
    Self.add(&row7, factors[7], triple)
  }

  @inline(__always)
  private static func add(_ sums: inout Triple, _ factor: Float, _ triple: Triple) {
    let factors = Vector(repeating: factor)
    sums.0.addProduct(factors, triple.0)
    sums.1.addProduct(factors, triple.1)
    sums.2.addProduct(factors, triple.2)
  }

  /// Adds the sums to those in memory: rows `stride` numbers apart, taps `tapStride`.
  @inline(__always)
  func add(to address: UnsafeMutablePointer<Float>, stride: Int, tapStride: Int) {
    Self.add(row0, to: address + 0 &* stride, tapStride)
    Self.add(row1, to: address + 1 &* stride, tapStride)
    Self.add(row2, to: address + 2 &* stride, tapStride)
    Self.add(row3, to: address + 3 &* stride, tapStride)
    Self.add(row4, to: address + 4 &* stride, tapStride)
    Self.add(row5, to: address + 5 &* stride, tapStride)
    Self.add(row6, to: address + 6 &* stride, tapStride)
    Self.add(row7, to: address + 7 &* stride, tapStride)
  }

  @inline(__always)
  private static func add(_ sums: Triple, to address: UnsafeMutablePointer<Float>, _ stride: Int) {
    (Vector.load(address) + sums.0).store(address)
    (Vector.load(address + stride) + sums.1).store(address + stride)
    (Vector.load(address + 2 &* stride) + sums.2).store(address + 2 &* stride)
  }
}
