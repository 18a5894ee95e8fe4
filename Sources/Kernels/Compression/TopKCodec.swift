/// The k numbers of largest magnitude, as they are, and where they are; the others decode to zeros.
///
/// Of equal magnitudes the first are taken. Infinities and NaN count as larger than all numbers. Packed are k indices
/// (Int32, ascending), then k numbers.
public final class TopKCodec: Codec, @unchecked Sendable {
  typealias Vector = SIMD16<Float>

  /// A magnitude has digits of 11, 10 and 10 bits, the highest first.
  private static let bins = 1 << 11
  /// Neighbours are counted apart: an addition to a counter has to wait for the last one.
  private static let histograms = 4

  public let density: Double
  /// (histograms, bins)
  private let counters = AlignedBuffer<UInt32>(count: histograms * bins)

  /// - Parameter density: k is that part of all numbers, rounded up, and at least 1.
  public init(density: Double) {
    precondition(density > 0 && density <= 1)
    self.density = density
  }

  public var isUnbiased: Bool { false }

  /// k.
  public func selectedCount(_ count: Int) -> Int {
    min(count, max(1, Int((density * Double(count)).rounded(.up))))
  }

  public func packedBytes(_ count: Int) -> Int { 8 * selectedCount(count) }

  public func encode(
    _ numbers: UnsafePointer<Float>, count: Int, into packed: UnsafeMutableRawPointer, draws: LaneRandom
  ) {
    precondition(count <= Int(Int32.max))
    let k = selectedCount(count)
    if k == 0 { return }
    let (threshold, ties) = threshold(numbers, count, k)
    collect(numbers, count, threshold, ties, packed, packed + 4 * k)
  }

  public func decode(
    _ packed: UnsafeRawPointer, count: Int, addingTo sum: UnsafeMutablePointer<Float>, factor: Float
  ) {
    let k = selectedCount(count)
    for place in 0..<k {
      let index = Int(packed.loadUnaligned(fromByteOffset: 4 &* place, as: Int32.self))
      precondition(index >= 0 && index < count, "not a vector of this length")
      let value = packed.loadUnaligned(fromByteOffset: 4 &* (k &+ place), as: Float.self)
      sum[index] = sum[index].addingProduct(factor, value)
    }
  }

  /// The bits of the k-th largest magnitude, found digit by digit, and how many of those equal to it are among the k.
  private func threshold(_ numbers: UnsafePointer<Float>, _ count: Int, _ k: Int) -> (bits: Int32, ties: Int) {
    countLeadingDigits(numbers, count)
    var (prefix, remaining) = (0, k)
    select(&prefix, &remaining, digit: 11)
    countDigits(numbers, count, of: Int32(prefix), shift: 10)
    select(&prefix, &remaining, digit: 10)
    countDigits(numbers, count, of: Int32(prefix), shift: 0)
    select(&prefix, &remaining, digit: 10)
    return (Int32(prefix), remaining)
  }

  /// Lengthens the prefix of the wanted magnitude by a digit; `remaining` becomes its place among those with this prefix.
  private func select(_ prefix: inout Int, _ remaining: inout Int, digit bits: Int) {
    let counters = counters.pointer
    for bin in stride(from: 1 << bits - 1, through: 0, by: -1) {
      var found = 0
      for histogram in 0..<Self.histograms { found += Int(counters[histogram &* Self.bins &+ bin]) }
      if found >= remaining {
        prefix = prefix << bits | bin
        return
      }
      remaining -= found
    }
    preconditionFailure("fewer numbers than are to be selected")
  }

  /// How many magnitudes begin with each of the first digits.
  private func countLeadingDigits(_ numbers: UnsafePointer<Float>, _ count: Int) {
    counters.elements.update(repeating: 0)
    let counters = counters.pointer
    let whole = count / Self.histograms * Self.histograms
    for index in stride(from: 0, to: whole, by: Self.histograms) {
      for histogram in 0..<Self.histograms {
        let bin = Int((numbers[index &+ histogram].bitPattern &<< 1) &>> 21)
        counters[histogram &* Self.bins &+ bin] &+= 1
      }
    }
    for index in whole..<count { counters[Int((numbers[index].bitPattern &<< 1) &>> 21)] &+= 1 }
  }

  /// How many magnitudes with a prefix go on with each of the digits of ten bits from `shift` on. There are few: 16
  /// numbers are looked at in one go.
  private func countDigits(_ numbers: UnsafePointer<Float>, _ count: Int, of prefix: Int32, shift: Int32) {
    counters.elements.update(repeating: 0)
    let counters = counters.pointer
    for first in stride(from: 0, to: count, by: 16) {
      if Vector.load(numbers, first, end: count).magnitudeBits.largest &>> (shift &+ 10) < prefix { continue }
      for index in first..<min(first &+ 16, count) {
        let magnitude = Int32(bitPattern: numbers[index].bitPattern & 0x7FFF_FFFF)
        if magnitude &>> (shift &+ 10) == prefix {
          counters[index % Self.histograms &* Self.bins &+ Int(magnitude &>> shift & 1023)] &+= 1
        }
      }
    }
  }

  /// Writes all numbers above the threshold and the first `ties` that equal it.
  private func collect(
    _ numbers: UnsafePointer<Float>, _ count: Int, _ threshold: Int32, _ ties: Int,
    _ indices: UnsafeMutableRawPointer, _ values: UnsafeMutableRawPointer
  ) {
    var (ties, offset) = (ties, 0)
    for first in stride(from: 0, to: count, by: 16) {
      if Vector.load(numbers, first, end: count).magnitudeBits.largest < threshold { continue }
      for index in first..<min(first &+ 16, count) {
        let magnitude = Int32(bitPattern: numbers[index].bitPattern & 0x7FFF_FFFF)
        if magnitude < threshold || magnitude == threshold && ties == 0 { continue }
        if magnitude == threshold { ties &-= 1 }
        indices.storeBytes(of: Int32(truncatingIfNeeded: index), toByteOffset: offset, as: Int32.self)
        values.storeBytes(of: numbers[index], toByteOffset: offset, as: Float.self)
        offset &+= 4
      }
    }
  }
}
