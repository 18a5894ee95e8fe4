/// Each number as its sign times the mean magnitude of its bucket of 512, as EF-signSGD scales signs (Karimireddy, Rebjock,
/// Stich, Jaggi: "Error feedback fixes SignSGD and other gradient compression schemes", ICML 2019, arXiv 1901.09847).
///
/// Zero has the sign of its sign bit, so it comes back as ± the mean. A bucket with a number that is infinite or NaN, or
/// whose sum of magnitudes overflows, decodes to such numbers throughout.
public struct SignCodec: Codec {
  typealias Vector = SIMD16<Float>
  typealias Words = SIMD16<UInt32>

  public init() {}

  public var isUnbiased: Bool { false }

  public func packedBytes(_ count: Int) -> Int { CodeBlocks(bits: 1, count: count).bytes }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    let blocks = CodeBlocks(bits: 1, count: count)
    for bucket in 0..<blocks.bucketCount {
      let range = blocks.numbers(bucket)
      blocks.setScale(
        bucket, packed, Magnitudes.sum(numbers + range.lowerBound, range.count) / Float(range.count))
      let block = packed + bucket &* CodeBlocks.blockBytes
      Self.signs(numbers, range.lowerBound, end: range.upperBound).store(block)
    }
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    let blocks = CodeBlocks(bits: 1, count: count)
    for bucket in 0..<blocks.bucketCount {
      let range = blocks.numbers(bucket)
      let magnitude = Vector(repeating: factor * blocks.scale(bucket, packed))
      let words = Words.load(packed: packed + bucket &* CodeBlocks.blockBytes)
      Self.add(words, magnitude, to: sum, range.lowerBound, end: range.upperBound)
    }
  }

  /// Bit k of word j: the sign bit of number 16·k + j.
  @inline(__always)
  private static func signs(_ numbers: UnsafePointer<Float>, _ index: Int, end: Int) -> Words {
    var words = Words()
    for k in 0..<32 {
      let v = Vector.load(numbers, index &+ 16 &* k, end: end)
      words = words &>> Words(repeating: 1) | v.bits & Words(repeating: 0x8000_0000)
    }
    return words
  }

  @inline(__always)
  private static func add(
    _ words: Words, _ magnitude: Vector, to sum: UnsafeMutablePointer<Float>, _ index: Int, end: Int
  ) {
    for k in 0..<32 {
      let first = index &+ 16 &* k
      if first >= end { return }
      let sign = words &<< Words(repeating: UInt32(31 &- k)) & Words(repeating: 0x8000_0000)
      let value = Vector.load(sum, first, end: end) + Vector(bits: magnitude.bits ^ sign)
      value.store(sum + first, count: end &- first)
    }
  }
}
