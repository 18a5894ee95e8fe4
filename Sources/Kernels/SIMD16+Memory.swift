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
}
