/// Each number as a multiple, −127 … 127, of 1/127 of its bucket's largest magnitude; rounded to nearest, ties to even.
///
/// A bucket whose largest magnitude is below 2⁻¹¹⁹ decodes to zeros; one with a number that is infinite or NaN decodes to
/// such numbers throughout.
public struct Int8Codec: Codec {
  typealias Vector = SIMD16<Float>
  typealias Words = SIMD16<UInt32>

  public init() {}

  public var isUnbiased: Bool { false }

  public func packedBytes(_ count: Int) -> Int { CodeBlocks(bits: 8, count: count).bytes }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    let blocks = CodeBlocks(bits: 8, count: count)
    for bucket in 0..<blocks.bucketCount {
      let range = blocks.numbers(bucket)
      let largest = Magnitudes.largest(numbers + range.lowerBound, range.count)
      blocks.setScale(bucket, packed, largest)
      let scale = Vector(repeating: CodeBlocks.levels(127, perScale: largest))
      var block = packed + bucket &* 8 &* CodeBlocks.blockBytes
      for index in stride(from: range.lowerBound, to: range.upperBound, by: 64) {
        Self.words(numbers, index, end: range.upperBound, scale).store(block)
        block += CodeBlocks.blockBytes
      }
    }
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    CodeBlocks(bits: 8, count: count).add(packed, levels: 127, to: sum, factor: factor)
  }

  /// The codes of a block.
  @inline(__always)
  private static func words(
    _ numbers: UnsafePointer<Float>, _ index: Int, end: Int, _ scale: Vector
  ) -> Words {
    var words = Words()
    for k in 0..<4 {
      let code = (Vector.load(numbers, index &+ 16 &* k, end: end) * scale).code(bits: 8)
      words |= code &<< Words(repeating: UInt32(8 &* k))
    }
    return words
  }
}
