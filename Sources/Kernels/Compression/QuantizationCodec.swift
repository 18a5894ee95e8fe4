/// QSGD (Alistarh, Grubic, Li, Tomioka, Vojnovic: "QSGD: Communication-efficient SGD via gradient quantization and
/// encoding", NIPS 2017, arXiv 1610.02132): of each bucket of numbers the Euclidean norm, of each number its sign and
/// one of s levels, Q(v) = ‖v‖ sgn(v) ξ with ξ = ℓ/s or (ℓ + 1)/s around |v|/‖v‖, drawn so that E[Q(v)] = v.
///
/// A code of b bits holds sign and level, s = 2^(b − 1) − 1: 127, 7 or 1. A bucket with a norm below 2⁻¹¹⁹ decodes to
/// zeros; one with a number, or a norm, that is infinite or NaN decodes to such numbers throughout.
public struct QuantizationCodec: Codec {
  typealias Vector = SIMD16<Float>
  typealias Words = SIMD16<UInt32>

  /// Norms are made a little larger, so that rounding puts no number beyond the last level.
  private static var margin: Float { 1 + 0x1p-18 }

  /// Bits of a code.
  public let bits: Int

  /// Numbers of a bucket.
  public let bucket: Int

  /// - Parameter bucket: a multiple of 512.
  public init(bits: Int, bucket: Int = 512) {
    precondition([2, 4, 8].contains(bits) && bucket > 0 && bucket % CodeBlocks.bucket == 0)
    self.bits = bits
    self.bucket = bucket
  }

  private func blocks(_ count: Int) -> CodeBlocks { CodeBlocks(bits: bits, count: count, bucket: bucket) }

  public var isUnbiased: Bool { true }

  /// s, the levels above 0.
  public var levels: Int { 1 << (bits - 1) - 1 }

  public func packedBytes(_ count: Int) -> Int { blocks(count).bytes }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    let blocks = blocks(count)
    for bucket in 0..<blocks.bucketCount {
      let range = blocks.numbers(bucket)
      let norm = Self.margin * Self.norm(numbers + range.lowerBound, range.count)
      blocks.setScale(bucket, packed, norm)
      let scale = Vector(repeating: CodeBlocks.levels(Float(levels), perScale: norm))
      var block = packed + blocks.offset(bucket)
      for index in stride(from: range.lowerBound, to: range.upperBound, by: blocks.capacity) {
        words(numbers, index, end: range.upperBound, scale, draws).store(block)
        block += CodeBlocks.blockBytes
      }
    }
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    blocks(count).add(packed, levels: Float(levels), to: sum, factor: factor)
  }

  /// The codes of a block.
  @inline(never)
  private func words(
    _ numbers: UnsafePointer<Float>, _ index: Int, end: Int, _ scale: Vector, _ draws: LaneRandom
  ) -> Words {
    var words = Words()
    for group in 0..<8 / bits {
      let first = index &+ 64 &* group
      let draw = draws.words(first / LaneRandom.group)
      let shift = UInt32(4 &* bits &* group)
      var part = code(Vector.load(numbers, first, end: end), scale, draw.0)
      part |= code(Vector.load(numbers, first &+ 16, end: end), scale, draw.1) &<< Words(repeating: UInt32(bits))
      part |= code(Vector.load(numbers, first &+ 32, end: end), scale, draw.2) &<< Words(repeating: UInt32(2 &* bits))
      part |= code(Vector.load(numbers, first &+ 48, end: end), scale, draw.3) &<< Words(repeating: UInt32(3 &* bits))
      words |= part &<< Words(repeating: shift)
    }
    return words
  }

  @inline(__always)
  private func code(_ v: Vector, _ scale: Vector, _ draw: Words) -> Words {
    (v * scale).code(bits: bits, roundedBy: draw)
  }

  /// ‖v‖, by Doubles where the squares leave the range of Float.
  @inline(__always)
  private static func norm(_ numbers: UnsafePointer<Float>, _ count: Int) -> Float {
    var (sum, other) = (Vector(), Vector())
    for index in stride(from: 0, to: count / 32 &* 32, by: 32) {
      let (v, w) = (Vector.load(numbers + index), Vector.load(numbers + (index &+ 16)))
      sum.addProduct(v, v)
      other.addProduct(w, w)
    }
    for index in stride(from: count / 32 &* 32, to: count, by: 16) {
      let v = Vector.load(numbers, index, end: count)
      sum.addProduct(v, v)
    }
    let total = (sum + other).total
    return total > 0x1p-90 && total < .infinity ? total.squareRoot() : carefulNorm(numbers, count)
  }

  @inline(never)
  private static func carefulNorm(_ numbers: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum = 0.0
    for index in 0..<count { sum += Double(numbers[index]) * Double(numbers[index]) }
    return Float(sum.squareRoot())
  }
}
