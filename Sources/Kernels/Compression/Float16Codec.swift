import CHost

/// Half precision (IEEE 754 binary16), rounded to nearest, ties to even.
///
/// Finite numbers beyond ±65504, the largest half, become that: as infinities they would look like a divergence. Infinities
/// and NaN stay.
public struct Float16Codec: Codec {
  typealias Vector = SIMD16<Float>

  public init() {}

  public var isUnbiased: Bool { false }

  /// Two bytes a number.
  public func packedBytes(_ count: Int) -> Int { rounded(2 * count, upTo: 4) }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    let vectors = count / 16 * 16
    for index in stride(from: 0, to: vectors, by: 16) {
      chost_store_halves(packed + 2 &* index, Self.saturated(.load(numbers + index)))
    }
    guard count > vectors else { return }
    let last = Self.saturated(.load(numbers + vectors, count: count &- vectors))
    for index in vectors..<rounded(count, upTo: 2) {
      packed.storeBytes(of: Float16(last[index &- vectors]), toByteOffset: 2 &* index, as: Float16.self)
    }
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    let factors = Vector(repeating: factor)
    let vectors = count / 16 * 16
    for index in stride(from: 0, to: vectors, by: 16) {
      let value = chost_load_halves(packed + 2 &* index)
      Vector.load(sum + index).addingProduct(factors, value).store(sum + index)
    }
    for index in vectors..<count {
      let value = packed.loadUnaligned(fromByteOffset: 2 &* index, as: Float16.self)
      sum[index] = sum[index].addingProduct(factor, Float(value))
    }
  }

  @inline(__always)
  private static func saturated(_ v: Vector) -> Vector {
    let largest = Vector(repeating: 65504)
    return v.clamped(largest).replacing(with: v, where: v.magnitude .== .infinity)
  }
}
