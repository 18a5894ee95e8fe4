/// Sums and maxima of magnitudes.
enum Magnitudes {
  typealias Vector = SIMD16<Float>

  /// max |v|; NaN or infinite where a number is.
  @inline(__always)
  static func largest(_ numbers: UnsafePointer<Float>, _ count: Int) -> Float {
    // As integers: a comparison of floats is false for NaN.
    var (largest, other) = (SIMD16<Int32>(), SIMD16<Int32>())
    for index in stride(from: 0, to: count / 32 &* 32, by: 32) {
      largest = pointwiseMax(largest, Vector.load(numbers + index).magnitudeBits)
      other = pointwiseMax(other, Vector.load(numbers + (index &+ 16)).magnitudeBits)
    }
    for index in stride(from: count / 32 &* 32, to: count, by: 16) {
      largest = pointwiseMax(largest, Vector.load(numbers, index, end: count).magnitudeBits)
    }
    return Float(bitPattern: UInt32(bitPattern: pointwiseMax(largest, other).largest))
  }

  /// Σ|v|.
  @inline(__always)
  static func sum(_ numbers: UnsafePointer<Float>, _ count: Int) -> Float {
    var (sum, other) = (Vector(), Vector())
    for index in stride(from: 0, to: count / 32 &* 32, by: 32) {
      sum += Vector.load(numbers + index).magnitude
      other += Vector.load(numbers + (index &+ 16)).magnitude
    }
    for index in stride(from: count / 32 &* 32, to: count, by: 16) {
      sum += Vector.load(numbers, index, end: count).magnitude
    }
    return (sum + other).total
  }
}
