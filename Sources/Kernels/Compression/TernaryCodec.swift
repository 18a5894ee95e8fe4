/// TernGrad (Wen, Xu, Yan, Wu, Wang, Chen, Li: "TernGrad: Ternary gradients to reduce communication in distributed deep
/// learning", NIPS 2017, arXiv 1705.07878): each number as s · sgn(g) · b with P(b = 1) = |g|/s, s being the largest
/// magnitude of its segment (a layer, say) over all workers.
///
/// A step is: `measure` the numbers, take the maximum of each of `scales` over the workers, then `encode` and `decode`
/// under these scales. Numbers outside the segments decode to zeros, as do segments with a scale below 2⁻¹¹⁹. In a segment
/// where a worker has a number that is infinite or NaN all workers' numbers decode to such.
public final class TernaryCodec: Codec, @unchecked Sendable {
  typealias Vector = SIMD16<Float>
  typealias Words = SIMD16<UInt32>

  /// Ranges of the vector, in order and apart.
  public let segments: [Range<Int>]
  /// s of each segment.
  public let scales: AlignedBuffer<Float>
  /// Where numbers are clipped, in standard deviations of their segment; the paper's choice is 2.5.
  public let clipping: Float?

  private let starts: AlignedBuffer<Int>
  private let ends: AlignedBuffer<Int>
  /// What the segments' numbers are multiplied with on the way in or out.
  private let factors: AlignedBuffer<Float>

  public init(segments: [Range<Int>], clipping: Float? = nil) {
    precondition(zip(segments, segments.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
    precondition(segments.allSatisfy { !$0.isEmpty } && clipping.map { $0 > 0 } ?? true)
    self.segments = segments
    self.clipping = clipping
    scales = AlignedBuffer(count: segments.count)
    starts = AlignedBuffer(segments.map(\.lowerBound))
    ends = AlignedBuffer(segments.map(\.upperBound))
    factors = AlignedBuffer(count: segments.count)
  }

  public var isUnbiased: Bool { true }

  public func packedBytes(_ count: Int) -> Int { CodeBlocks(bits: 2, count: count).blocksBytes }

  /// Clips the numbers in place, if so asked, and sets each of `scales` to the largest magnitude of its segment: infinity
  /// where one is infinite or NaN, since a maximum over workers may lose a NaN.
  ///
  /// Clipping is to ±c σ, σ about the segment's mean. Numbers that are all equal, to rounding, are not clipped.
  public func measure(_ numbers: UnsafeMutablePointer<Float>) {
    for segment in 0..<scales.count {
      let first = numbers + starts.pointer[segment]
      let count = ends.pointer[segment] &- starts.pointer[segment]
      if let clipping { Moments.clip(first, count, deviations: clipping) }
      let largest = Magnitudes.largest(first, count)
      scales.pointer[segment] = largest.isFinite ? largest : .infinity
    }
  }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    for segment in 0..<scales.count {
      factors.pointer[segment] = CodeBlocks.levels(1, perScale: scales.pointer[segment])
    }
    var cursor = Cursor(starts: starts.pointer, ends: ends.pointer, values: factors.pointer, count: factors.count)
    var block = packed
    for index in stride(from: 0, to: count, by: 256) {
      Self.words(numbers, index, end: count, &cursor, draws).store(block)
      block += CodeBlocks.blockBytes
    }
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    for segment in 0..<scales.count { factors.pointer[segment] = factor * scales.pointer[segment] }
    var cursor = Cursor(starts: starts.pointer, ends: ends.pointer, values: factors.pointer, count: factors.count)
    var block = packed
    for index in stride(from: 0, to: count, by: 256) {
      var words = Words.load(packed: block)
      for first in stride(from: index, to: min(index &+ 256, count), by: 16) {
        let value = Vector(code: words & Words(repeating: 3), bits: 2)
        let old = Vector.load(sum, first, end: count)
        old.addingProduct(cursor.next(first), value).store(sum + first, count: count &- first)
        words = words &>> Words(repeating: 2)
      }
      block += CodeBlocks.blockBytes
    }
  }

  /// The codes of a block.
  @inline(__always)
  private static func words(
    _ numbers: UnsafePointer<Float>, _ index: Int, end: Int, _ cursor: inout Cursor, _ draws: LaneRandom
  ) -> Words {
    var words = Words()
    for group in 0..<4 {
      let first = index &+ 64 &* group
      let draw = draws.words(first / LaneRandom.group)
      var part = code(numbers, first, end, &cursor, draw.0)
      part |= code(numbers, first &+ 16, end, &cursor, draw.1) &<< Words(repeating: 2)
      part |= code(numbers, first &+ 32, end, &cursor, draw.2) &<< Words(repeating: 4)
      part |= code(numbers, first &+ 48, end, &cursor, draw.3) &<< Words(repeating: 6)
      words |= part &<< Words(repeating: UInt32(8 &* group))
    }
    return words
  }

  @inline(__always)
  private static func code(
    _ numbers: UnsafePointer<Float>, _ first: Int, _ end: Int, _ cursor: inout Cursor, _ draw: Words
  ) -> Words {
    let ratio = Vector.load(numbers, first, end: end) * cursor.next(first)
    return ratio.clamped(Vector(repeating: 1)).code(bits: 2, roundedBy: draw)
  }
}

/// Walks along the segments and gives, for 16 numbers at a time, the value of each one's segment; 0 where there is none.
private struct Cursor {
  let starts: UnsafePointer<Int>
  let ends: UnsafePointer<Int>
  let values: UnsafePointer<Float>
  let count: Int
  /// The first segment that doesn't end before the present numbers.
  var segment = 0

  /// For numbers first ..< first + 16; `first` never falls.
  @inline(__always)
  mutating func next(_ first: Int) -> SIMD16<Float> {
    if segment < count, starts[segment] <= first, first &+ 16 <= ends[segment] {
      return SIMD16(repeating: values[segment])
    }
    return assembled(first)
  }

  @inline(never)
  private mutating func assembled(_ first: Int) -> SIMD16<Float> {
    var vector = SIMD16<Float>()
    for lane in 0..<16 {
      while segment < count, ends[segment] <= first &+ lane { segment &+= 1 }
      if segment < count, starts[segment] <= first &+ lane { vector[lane] = values[segment] }
    }
    return vector
  }
}
