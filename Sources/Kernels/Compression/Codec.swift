/// Turns numbers into fewer bytes, and back.
///
/// What `encode` writes is a function of the numbers and the key alone: the same on every processor and for every width
/// of its vectors. Neither `encode` nor `decode` allocates memory; codecs that are classes keep what they need, and do one
/// thing at a time. What is packed may lie at any address. No codec hides a divergence: where a number is infinite
/// or NaN, what is decoded in its place is infinite or NaN too.
public protocol Codec: Sendable {
  /// Bytes that `count` numbers take once packed, a multiple of 4.
  func packedBytes(_ count: Int) -> Int

  /// Whether the mean of what is decoded, over the random draws, is what was encoded.
  var isUnbiased: Bool { get }

  /// Writes `packedBytes(count)` bytes.
  ///
  /// - Parameter draws: the random numbers to round by; codecs that round to nearest take none.
  func encode(_ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom)

  /// sum ← sum + factor · decoded.
  func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float)
}
