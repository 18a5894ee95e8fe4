/// The words of a `RandomSource`, 64 at a time: ten rounds of Philox on 16 blocks at once.
///
/// Word *i* of a vector of numbers has a place of its own: block 16 ⌊i/64⌋ + i mod 16 of the stream, word ⌊i/16⌋ mod 4
/// of the block. So a draw depends on seed, worker, step and index only.
public struct LaneRandom: Sendable {
  typealias Words = SIMD16<UInt32>
  /// Words in the lower halves; what the upper halves hold is never used.
  private typealias Pairs = SIMD8<UInt64>

  /// Words that are made at once.
  static let group = 64

  private let key: SIMD2<UInt32>
  private let stream: SIMD2<UInt32>

  /// The stream `RandomSource(seed: seed, purpose: purpose, index: worker, position: position)`.
  public init(seed: UInt64, purpose: RandomSource.Purpose = .compression, worker: Int, position: Int) {
    precondition(worker >= 0 && worker < 1 << 24 && position >= 0 && position < 1 << 32)
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    stream = SIMD2(purpose.rawValue << 24 | UInt32(worker), UInt32(position))
  }

  /// The words of numbers 64 · group ..< 64 · (group + 1), of 16 numbers each.
  @inline(__always)
  func words(_ group: Int) -> (Words, Words, Words, Words) {
    let first = Pairs(repeating: UInt64(truncatingIfNeeded: group) &* 16)
    let even = rounds(first | Pairs(0, 2, 4, 6, 8, 10, 12, 14))
    let odd = rounds(first | Pairs(1, 3, 5, 7, 9, 11, 13, 15))
    return (
      Self.interleaved(even.0, odd.0), Self.interleaved(even.1, odd.1), Self.interleaved(even.2, odd.2),
      Self.interleaved(even.3, odd.3)
    )
  }

  /// Philox on eight blocks, whose numbers are below 2³².
  @inline(__always)
  private func rounds(_ blocks: Pairs) -> (Pairs, Pairs, Pairs, Pairs) {
    var c0 = blocks
    var c1 = Pairs()
    var c2 = Pairs(repeating: UInt64(stream.x))
    var c3 = Pairs(repeating: UInt64(stream.y))
    var k = key
    for _ in 0..<10 {
      let product0 = Self.lower(c0) &* Pairs(repeating: 0xD251_1F53)
      let product1 = Self.lower(c2) &* Pairs(repeating: 0xCD9E_8D57)
      c0 = Self.upper(product1) ^ c1 ^ Pairs(repeating: UInt64(k.x))
      c1 = product1
      c2 = Self.upper(product0) ^ c3 ^ Pairs(repeating: UInt64(k.y))
      c3 = product0
      k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return (c0, c1, c2, c3)
  }

  /// With this the compiler sees that one instruction multiplies.
  @inline(__always)
  private static func lower(_ pairs: Pairs) -> Pairs { pairs & Pairs(repeating: 0xFFFF_FFFF) }

  @inline(__always)
  private static func upper(_ pairs: Pairs) -> Pairs { pairs &>> Pairs(repeating: 32) }

  @inline(__always)
  private static func interleaved(_ even: Pairs, _ odd: Pairs) -> Words {
    unsafeBitCast(lower(even) | odd &<< Pairs(repeating: 32), to: Words.self)
  }
}
