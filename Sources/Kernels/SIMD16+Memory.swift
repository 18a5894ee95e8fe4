extension SIMD16<Float> {
  /// Sixteen numbers from anywhere.
  @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Self {
    UnsafeRawPointer(address).loadUnaligned(as: Self.self)
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
