extension SIMD16<Float> {
  /// Sixteen numbers from anywhere.
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

  /// The sum of all lanes, by halves: `sum` would add them one after another.
  @inline(__always)
  var total: Float {
    let eight = lowHalf + highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }

  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: self, as: Self.self)
  }

  /// The first `count` only: what lies beyond is another's.
  @inline(__always)
  func store(_ address: UnsafeMutablePointer<Float>, count: Int) {
    if count >= 16 { store(address) } else { storePart(address, count) }
  }

  @inline(never)
  private func storePart(_ address: UnsafeMutablePointer<Float>, _ count: Int) {
    for lane in 0..<count { address[lane] = self[lane] }
  }
}
