import Kernels
import Testing

/// Codecs that round to nearest, against conversions in Double.
struct RoundingCodecTests {
  /// Numbers of all exponents: powers of two and their neighbours, random ones, and the middles between numbers of 7 and
  /// of 10 bits, with their neighbours.
  private static let numbers: [Float] = {
    var source = RandomSource(seed: 3, purpose: .benchmark)
    var numbers: [Float] = [0, .leastNonzeroMagnitude, 65503, 65504, 65519, 65519.99, 65520, 65536, 1e5]
    for exponent in -149...126 {
      let power = Float(sign: .plus, exponent: exponent, significand: 1)
      numbers += [power, power.nextUp, power.nextDown]
      for bits in [7, 10] {
        for _ in 0..<8 {
          let odd = Float(source.nextIndex(below: 1 << bits)) + 0.5
          let middle = power * (1 + odd * Float(sign: .plus, exponent: -bits, significand: 1))
          numbers += [middle, middle.nextUp, middle.nextDown, power * Float(1 + source.nextUniform())]
        }
      }
    }
    return numbers.filter(\.isFinite) + numbers.filter(\.isFinite).map { -$0 }
  }()

  /// The nearest number with so many bits behind the point of its significand, ties to even.
  private static func nearest(_ v: Float, bits: Int, leastExponent: Int) -> Double {
    if v == 0 { return Double(v) }
    let exponent = max(Int(v.exponent), leastExponent) - bits
    let unit = Double(sign: .plus, exponent: exponent, significand: 1)
    return (Double(v) / unit).rounded(.toNearestOrEven) * unit
  }

  @Test func halvesAreTheNearest() {
    let decoded = Float16Codec().roundTrip(Self.numbers)
    for (v, result) in zip(Self.numbers, decoded) {
      let expected = Self.nearest(v, bits: 10, leastExponent: -14)
      // Finite numbers stay so.
      #expect(Double(result) == min(max(expected, -65504), 65504), "of \(v)")
    }
  }

  @Test func everyHalfComesBack() {
    let halves = (0...UInt16.max).map { Float16(bitPattern: $0) }
    let numbers = halves.map(Float.init)
    let decoded = Float16Codec().roundTrip(numbers)
    for (half, result) in zip(halves, decoded) {
      let isSame = half.isNaN ? result.isNaN : result == Float(half)
      #expect(isSame, "\(half.bitPattern) comes back as \(result)")
    }
  }

  @Test func brainFloatsAreTheNearest() {
    let decoded = BFloat16Codec().roundTrip(Self.numbers)
    for (v, result) in zip(Self.numbers, decoded) {
      #expect(Double(result) == Self.nearest(v, bits: 7, leastExponent: -126), "of \(v)")
    }
  }

  @Test func everyBrainFloatComesBack() {
    let numbers = (0...UInt32(UInt16.max)).map { Float(bitPattern: $0 << 16) }
    let decoded = BFloat16Codec().roundTrip(numbers)
    for (v, result) in zip(numbers, decoded) { #expect(v.isNaN ? result.isNaN : result == v) }
  }

  /// The last bits of a NaN must not carry it over to a number.
  @Test func noNaNBecomesANumber() {
    let numbers = [0x7F80_0001, 0x7F80_8000, 0x7FFF_FFFF, 0xFFFF_FFFF, 0xFF80_0001].map { Float(bitPattern: $0) }
    #expect(BFloat16Codec().roundTrip(numbers).allSatisfy { $0.isNaN })
    #expect(Float16Codec().roundTrip(numbers).allSatisfy { $0.isNaN })
  }

  @Test(arguments: CodecCase.counts)
  func bytesAreTheNearestMultiples(count: Int) {
    // With exact middles: multiples of 1/254 of the largest.
    var numbers = normalNumbers(count, stream: 1)
    numbers[count / 2] = 127
    if count > 2 { numbers.replaceSubrange(0..<2, with: [12.5, -13.5]) }
    let decoded = Int8Codec().roundTrip(numbers)
    for bucket in stride(from: 0, to: count, by: 512) {
      let range = bucket..<min(bucket + 512, count)
      let largest = numbers[range].map(abs).max()!
      for i in range {
        let level = (numbers[i] * (127 / largest)).rounded(.toNearestOrEven)
        #expect(abs(level) <= 127 && decoded[i] == level * (largest / 127))
      }
    }
  }

  @Test(arguments: CodecCase.counts)
  func signsComeBackWithTheMeanMagnitudeOfTheirBucket(count: Int) {
    let numbers = normalNumbers(count, stream: 2)
    let decoded = SignCodec().roundTrip(numbers)
    for bucket in stride(from: 0, to: count, by: 512) {
      let range = bucket..<min(bucket + 512, count)
      let mean = numbers[range].reduce(0) { $0 + Double(abs($1)) } / Double(range.count)
      for i in range {
        #expect(decoded[i].sign == numbers[i].sign)
        #expect(abs(Double(abs(decoded[i])) - mean) <= 1e-6 * mean && abs(decoded[i]) == abs(decoded[bucket]))
      }
    }
  }
}
