extension SIMD16<Float> {
  typealias Words = SIMD16<UInt32>

  /// Around 1.5 · 2²³ floats are whole numbers, and the last bits of their patterns count them: adding it rounds to nearest,
  /// ties to even. (Conversions to integers would run lane by lane.) Half of the codes on top makes codes of the last bits.
  @inline(__always)
  private static func origin(_ bits: Int) -> Self { Self(repeating: 0x1.8p23 + Float(1 << (bits - 1))) }

  @inline(__always)
  var bits: Words { unsafeBitCast(self, to: Words.self) }

  @inline(__always)
  init(bits: Words) { self = unsafeBitCast(bits, to: Self.self) }

  /// The numbers from `index` on, and zeros from `end` on.
  @inline(__always)
  static func load(_ numbers: UnsafePointer<Float>, _ index: Int, end: Int) -> Self {
    if end &- index >= 16 { return .load(numbers + index) }
    return end > index ? .load(numbers + index, count: end &- index) : Self()
  }

  /// The bits of |v|, which are ordered as the magnitudes are: finite < infinite < NaN.
  @inline(__always)
  var magnitudeBits: SIMD16<Int32> {
    unsafeBitCast(bits & Words(repeating: 0x7FFF_FFFF), to: SIMD16<Int32>.self)
  }

  @inline(__always)
  var magnitude: Self { Self(bits: bits & Words(repeating: 0x7FFF_FFFF)) }

  /// No further from 0 than `bound`. NaN stays NaN.
  @inline(__always)
  func clamped(_ bound: Self) -> Self {
    let below = replacing(with: bound, where: self .> bound)
    return below.replacing(with: -bound, where: below .< -bound)
  }

  /// The whole number below or the one above, the latter with the probability that makes the mean the number itself (to
  /// 2⁻²⁴), as a code.
  ///
  /// - Parameter draw: uniform words.
  @inline(__always)
  func code(bits: Int, roundedBy draw: Words) -> Words {
    let origin = Self.origin(bits)
    // Where the number is whole, `below` may be one less; the fraction is 1 then.
    let below = self - Self(repeating: 0.5) + origin
    let fraction = self - (below - origin)
    // Odd multiples of 2⁻²⁴ in (0, 1).
    let uniform =
      Self(bits: draw &>> Words(repeating: 9) | Words(repeating: 0x3F80_0000)) - Self(repeating: 1 - 0x1p-24)
    let isBelowFraction = (uniform - fraction).bits &>> Words(repeating: 31)
    return (below.bits &+ isBelowFraction) & Words(repeating: 1 << UInt32(bits) - 1)
  }

  /// Rounded to nearest, as a code of so many bits: the whole number plus half of the codes.
  @inline(__always)
  func code(bits: Int) -> Words {
    (self + Self.origin(bits)).bits & Words(repeating: 1 << UInt32(bits) - 1)
  }

  /// The whole numbers of codes.
  @inline(__always)
  init(code: Words, bits: Int) {
    self = Self(bits: code | Words(repeating: 0x4B00_0000)) - Self(repeating: 0x1p23 + Float(1 << (bits - 1)))
  }
}

extension SIMD16<UInt32> {
  @inline(__always)
  static func load(packed address: UnsafeRawPointer) -> Self { address.loadUnaligned(as: Self.self) }

  @inline(__always)
  func store(_ address: UnsafeMutableRawPointer) { address.storeBytes(of: self, as: Self.self) }
}

extension SIMD16<Int32> {
  /// The largest lane, by halves.
  @inline(__always)
  var largest: Int32 {
    let eight = pointwiseMax(lowHalf, highHalf)
    let four = pointwiseMax(eight.lowHalf, eight.highHalf)
    let two = pointwiseMax(four.lowHalf, four.highHalf)
    return Swift.max(two.x, two.y)
  }
}
