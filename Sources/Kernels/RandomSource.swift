import Glibc

/// A counter-based random generator, Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011): block *n* of a stream is a function of key and *n* alone, so a draw depends on the seed, the
/// worker and the step that it is made for and never on what was drawn before.
public struct RandomSource: RandomNumberGenerator, Sendable {
  /// What a stream of random numbers is used for; streams of different purposes never overlap.
  public enum Purpose: UInt32, Sendable {
    case initialization = 1
    case partition, shuffle, synthetic, augmentation, compression, gossip, benchmark, gradientNoise, participation
    case evaluation, dropout, generation
  }

  private let key: SIMD2<UInt32>
  private let stream: SIMD2<UInt32>
  private var block: UInt64 = 0
  private var buffer = SIMD4<UInt32>()
  private var unread = 0

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - index: which stream of that purpose: a worker's rank, a class, …; below 2^24.
  ///   - position: where in the stream: a step, a pass, …; below 2^32.
  public init(seed: UInt64, purpose: Purpose, index: Int = 0, position: Int = 0) {
    precondition(index >= 0 && index < 1 << 24 && position >= 0 && position < 1 << 32)
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    stream = SIMD2(purpose.rawValue << 24 | UInt32(index), UInt32(position))
  }

  /// One block of four words: ten rounds of Philox on `counter` under `key`.
  public static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let (high0, low0) = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c.x)
      let (high1, low1) = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c.z)
      c = SIMD4(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0)
      k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return c
  }

  public mutating func nextWord() -> UInt32 {
    if unread == 0 {
      let counter = SIMD4(
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), stream.x, stream.y)
      buffer = Self.philox(counter: counter, key: key)
      block += 1
      unread = 4
    }
    unread -= 1
    return buffer[3 - unread]
  }

  public mutating func next() -> UInt64 { UInt64(nextWord()) << 32 | UInt64(nextWord()) }

  /// A uniform integer in 0..<bound, without bias (Lemire, "Fast random integer generation in an interval", 2019).
  @inlinable
  public mutating func nextIndex(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max))
    let bound = UInt32(bound)
    var product = nextWord().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = nextWord().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// A uniform number in the open interval (0, 1).
  public mutating func nextUniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  /// A standard normal number (Box and Muller 1958; the second of each pair is not kept).
  public mutating func nextNormal() -> Double {
    let radius = (-2 * log(nextUniform())).squareRoot()
    return radius * cos(2 * .pi * nextUniform())
  }

  /// A Gamma(shape, 1) number (Marsaglia and Tsang 2000; shapes below 1 by their boosting step).
  public mutating func nextGamma(shape: Double) -> Double {
    precondition(shape > 0)
    if shape < 1 { return nextGamma(shape: shape + 1) * pow(nextUniform(), 1 / shape) }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = nextNormal()
      let v = 1 + c * x
      guard v > 0 else { continue }
      let cube = v * v * v
      if log(nextUniform()) < 0.5 * x * x + d - d * cube + d * log(cube) { return d * cube }
    }
  }

  /// Puts `elements` in a uniformly random order (Fisher and Yates).
  @inlinable
  public mutating func shuffle<Element: BitwiseCopyable>(_ elements: UnsafeMutableBufferPointer<Element>) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, nextIndex(below: last + 1))
    }
  }
}
