/// A SIMD vector of numbers that kernels load, store and add products to.
protocol LaneVector: SIMD, TileRow where Scalar == Float, Vector == Self {
  /// The sum of all lanes, by halves: `sum` would add them one after another.
  var total: Float { get }
  /// The largest lane, likewise; where some are NaN any lane.
  var largest: Float { get }
}

extension SIMD16: TileRow, LaneVector where Scalar == Float {
  @inline(__always)
  var total: Float { (lowHalf + highHalf).total }

  @inline(__always)
  var largest: Float { highHalf.replacing(with: lowHalf, where: lowHalf .> highHalf).largest }
}

extension SIMD8: TileRow, LaneVector where Scalar == Float {
  @inline(__always)
  var total: Float { (lowHalf + highHalf).total }

  @inline(__always)
  var largest: Float { highHalf.replacing(with: lowHalf, where: lowHalf .> highHalf).largest }
}

extension SIMD4<Float> {
  @inline(__always)
  fileprivate var total: Float {
    let two = lowHalf + highHalf
    return two.x + two.y
  }

  @inline(__always)
  fileprivate var largest: Float {
    let two = highHalf.replacing(with: lowHalf, where: lowHalf .> highHalf)
    return two.x > two.y ? two.x : two.y
  }
}

extension LaneVector {
  static var width: Int { scalarCount }

  @inline(__always)
  init(_ vector: (Int) -> Self) { self = vector(0) }

  /// As many numbers as there are lanes, from anywhere.
  @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Self {
    UnsafeRawPointer(address).loadUnaligned(as: Self.self)
  }

  /// The first `count` numbers, and zeros.
  @inline(never)
  static func load(_ address: UnsafePointer<Float>, count: Int) -> Self {
    var vector = Self()
    for lane in 0..<count { vector[lane] = address[lane] }
    return vector
  }

  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: self, as: Self.self)
  }

  /// The first `count` only: what lies beyond is another's.
  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>, count: Int) {
    if count >= Self.scalarCount { store(address) } else { storePart(address, count) }
  }

  @inline(never)
  private func storePart(_ address: UnsafeMutablePointer<Float>, _ count: Int) {
    for lane in 0..<count { address[lane] = self[lane] }
  }
}
