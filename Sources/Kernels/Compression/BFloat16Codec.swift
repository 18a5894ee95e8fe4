/// The upper half of a Float (bfloat16), rounded to nearest, ties to even.
///
/// As IEEE 754 rounds, magnitudes beyond 3.396e38 become infinite. Infinities and NaN stay.
public struct BFloat16Codec: Codec {
  typealias Vector = SIMD16<Float>
  typealias Words = SIMD16<UInt32>

  private static var upper: Words { Words(repeating: 0xFFFF_0000) }

  public init() {}

  public var isUnbiased: Bool { false }

  /// Two bytes a number, in blocks of 64 bytes.
  public func packedBytes(_ count: Int) -> Int { CodeBlocks(bits: 16, count: count).blocksBytes }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    for index in stride(from: 0, to: count, by: 32) {
      Self.words(numbers, index, end: count).store(packed + 2 &* index)
    }
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    let factor = Vector(repeating: factor)
    for index in stride(from: 0, to: count, by: 32) {
      Self.add(.load(packed: packed + 2 &* index), factor, to: sum, index, end: count)
    }
  }

  /// Number j in the lower half of word j, number 16 + j in the upper one.
  @inline(__always)
  private static func words(_ numbers: UnsafePointer<Float>, _ index: Int, end: Int) -> Words {
    rounded(Vector.load(numbers, index, end: end)) &>> Words(repeating: 16)
      | rounded(Vector.load(numbers, index &+ 16, end: end)) & upper
  }

  /// The bits of the rounded number, in the upper half of the word.
  @inline(__always)
  private static func rounded(_ v: Vector) -> Words {
    let odd = v.bits &>> Words(repeating: 16) & Words(repeating: 1)
    let nearest = v.bits &+ odd &+ Words(repeating: 0x7FFF)
    // What rounds a NaN up may turn it into a number.
    return nearest.replacing(with: v.bits | Words(repeating: 0x0040_0000), where: v .!= v)
  }

  @inline(__always)
  private static func add(
    _ words: Words, _ factor: Vector, to sum: UnsafeMutablePointer<Float>, _ index: Int, end: Int
  ) {
    let low = Vector(bits: words &<< Words(repeating: 16))
    Vector.load(sum, index, end: end).addingProduct(factor, low).store(sum + index, count: end &- index)
    if end &- index <= 16 { return }
    let high = Vector(bits: words & upper)
    Vector.load(sum, index &+ 16, end: end).addingProduct(factor, high)
      .store(sum + (index &+ 16), count: end &- index &- 16)
  }
}
