import Kernels
import Testing

struct TopKCodecTests {
  /// The selection by sorting: larger magnitudes first, then lower indices.
  private func expected(_ numbers: [Float], _ k: Int) -> [Float] {
    let order = numbers.indices.sorted { a, b in
      let (x, y) = (numbers[a].bitPattern & 0x7FFF_FFFF, numbers[b].bitPattern & 0x7FFF_FFFF)
      return x == y ? a < b : x > y
    }
    var result = [Float](repeating: 0, count: numbers.count)
    for index in order.prefix(k) { result[index] = numbers[index] }
    return result
  }

  @Test(arguments: [0.001, 0.01, 0.3, 1], CodecCase.counts)
  func theLargestAreSelected(density: Double, count: Int) {
    let codec = TopKCodec(density: density)
    let numbers = normalNumbers(count, stream: 1)
    let k = max(1, Int((density * Double(count)).rounded(.up)))
    #expect(codec.selectedCount(count) == k && codec.packedBytes(count) == 8 * k)
    #expect(firstDifference(codec.roundTrip(numbers), expected(numbers, k)) == nil)
  }

  /// Few magnitudes, both signs: ties at every threshold, within and across vectors.
  @Test(arguments: [0.001, 0.1, 0.5, 0.9], [2, 5, 100])
  func theFirstOfEqualMagnitudesAreSelected(density: Double, values: Int) {
    var source = RandomSource(seed: 4, purpose: .benchmark)
    let numbers = (0..<3000).map { _ in
      Float(1 + source.nextIndex(below: values)) * (source.nextIndex(below: 2) == 0 ? 1 : -1)
    }
    let codec = TopKCodec(density: density)
    #expect(firstDifference(codec.roundTrip(numbers), expected(numbers, codec.selectedCount(3000))) == nil)
  }

  /// Magnitudes that differ in their last bits only, and in their first ones.
  @Test(arguments: [0.001, 0.02, 0.6])
  func everyBitCounts(density: Double) {
    var source = RandomSource(seed: 5, purpose: .benchmark)
    let close = (0..<2000).map { _ in Float(bitPattern: 0x3F80_0000 + UInt32(source.nextIndex(below: 600))) }
    let wide = (0..<2000).map { _ in
      Float(bitPattern: UInt32(source.nextIndex(below: 0x7F80_0000)) | UInt32(source.nextIndex(below: 2)) << 31)
    }
    let codec = TopKCodec(density: density)
    let k = codec.selectedCount(2000)
    #expect(firstDifference(codec.roundTrip(close), expected(close, k)) == nil)
    #expect(firstDifference(codec.roundTrip(wide), expected(wide, k)) == nil)
  }

  @Test func indicesAscendAndComeBeforeTheNumbers() {
    let numbers: [Float] = [0, 3, -1, 0.5, -4, 2]
    let packed = TopKCodec(density: 0.5).packed(numbers)
    packed.withUnsafeBytes { bytes in
      #expect((0..<3).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) } == [1, 4, 5])
      #expect((3..<6).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) } == [3, -4, 2])
    }
  }
}
