/// Numbers as they are: compressed averaging with it is averaging.
public struct IdentityCodec: Codec {
  public init() {}

  public var isUnbiased: Bool { true }

  public func packedBytes(_ count: Int) -> Int { count * MemoryLayout<Float>.size }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    packed.copyMemory(from: numbers, byteCount: packedBytes(count))
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    let factors = SIMD16<Float>(repeating: factor)
    let vectors = count / 16 * 16
    for index in stride(from: 0, to: vectors, by: 16) {
      let value = packed.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD16<Float>.self)
      SIMD16.load(sum + index).addingProduct(factors, value).store(sum + index)
    }
    for index in vectors..<count {
      sum[index] = sum[index].addingProduct(factor, packed.loadUnaligned(fromByteOffset: 4 &* index, as: Float.self))
    }
  }
}
