import Kernels
import Testing

/// QSGD and TernGrad against plain code that uses the same draws, and their means.
struct StochasticCodecTests {
  @Test(arguments: [8, 4, 2], CodecCase.counts)
  func quantizationPacksWhatIsDrawn(bits: Int, count: Int) {
    let codec = QuantizationCodec(bits: bits)
    let numbers = normalNumbers(count, stream: 1)
    let packed = codec.packed(numbers, worker: 2, position: 3)
    let decoded = codec.unpacked(packed, count: count)
    let words = roundingWords(count, worker: 2, position: 3)
    for i in 0..<count {
      let norm = scale(i, bits: bits, count: count, in: packed)
      let level = stochasticallyRounded(numbers[i] * (Float(codec.levels) / norm), words[i])
      #expect(abs(level) <= codec.levels && code(i, bits: bits, in: packed) == level + 1 << (bits - 1))
      #expect(decoded[i] == Float(level) * (norm / Float(codec.levels)))
    }
  }

  @Test(arguments: CodecCase.counts, [-130, -70, 0, 63, 110])
  func bucketsAreScaledByTheirNorm(count: Int, exponent: Int) {
    let numbers = normalNumbers(count, stream: 2).map { $0 * Float(sign: .plus, exponent: exponent, significand: 1) }
    let packed = QuantizationCodec(bits: 4).packed(numbers)
    for bucket in stride(from: 0, to: count, by: 512) {
      let squares = numbers[bucket..<min(bucket + 512, count)].reduce(0) { $0 + Double($1) * Double($1) }
      let norm = squares.squareRoot()
      let ratio = Double(scale(bucket, bits: 4, count: count, in: packed)) / norm
      #expect(ratio >= 1 - 1e-6 && ratio < 1 + 1e-5)
    }
  }

  /// Beyond the last level a code would wrap round to the other sign.
  @Test(arguments: [8, 4, 2])
  func aNumberAloneStaysWithinTheLevels(bits: Int) {
    let codec = QuantizationCodec(bits: bits)
    for (position, v) in normalNumbers(1000, stream: 3).enumerated() {
      let decoded = codec.roundTrip([0, v, 0], position: position)
      #expect(decoded[0] == 0 && decoded[2] == 0)
      // Norms are larger by 2⁻¹⁸: some draws give the level below.
      let level = decoded[1] / v * Float(codec.levels)
      #expect(abs(level - Float(codec.levels)) <= 1e-3 || abs(level - Float(codec.levels - 1)) <= 1e-3)
    }
  }

  @Test(arguments: CodecCase.counts)
  func ternaryPacksWhatIsDrawn(count: Int) {
    let segments = Self.segments(count)
    let codec = TernaryCodec(segments: segments)
    let numbers = normalNumbers(count, stream: 4)
    let packed = codec.packed(numbers, worker: 2, position: 3)
    let decoded = codec.unpacked(packed, count: count)
    let words = roundingWords(count, worker: 2, position: 3)
    var scales = [Float](repeating: 0, count: count)
    for (segment, range) in segments.enumerated() {
      let largest = numbers[range].map(abs).max()!
      #expect(codec.scales[segment] == largest)
      scales.replaceSubrange(range, with: range.map { _ in largest })
    }
    for i in 0..<count {
      let ratio = scales[i] == 0 ? 0 : numbers[i] * (1 / scales[i])
      let sign = stochasticallyRounded(min(max(ratio, -1), 1), words[i])
      #expect(code(i, bits: 2, in: packed) == sign + 2 && decoded[i] == Float(sign) * scales[i])
    }
  }

  @Test(arguments: [8, 4, 2])
  func quantizationIsUnbiased(bits: Int) {
    let codec = QuantizationCodec(bits: bits)
    let numbers = normalNumbers(700, stream: 5)
    let packed = codec.packed(numbers)
    let units = numbers.indices.map { scale($0, bits: bits, count: 700, in: packed) / Float(codec.levels) }
    expectUnbiased(codec, numbers, units)
  }

  @Test func ternaryIsUnbiased() {
    let codec = TernaryCodec(segments: Self.segments(700))
    let numbers = normalNumbers(700, stream: 6)
    _ = codec.packed(numbers)
    let units = numbers.indices.map { i in
      codec.segments.firstIndex { $0.contains(i) }.map { codec.scales[$0] } ?? 0
    }
    expectUnbiased(codec, numbers, units)
  }

  /// Scales are another worker's where its numbers are larger, and where they are smaller by mistake nothing wraps round.
  @Test(arguments: [0.5, 3] as [Float])
  func ternaryScalesAreGiven(factor: Float) {
    let codec = TernaryCodec(segments: [0..<600])
    let numbers = AlignedBuffer(uniformNumbers(600, stream: 7))
    codec.measure(numbers.pointer)
    codec.scales[0] *= factor
    let packed = AlignedBuffer<UInt8>(count: codec.packedBytes(600))
    codec.encode(
      numbers.pointer, count: 600, into: packed.pointer, draws: LaneRandom(seed: 1, worker: 0, position: 0))
    for (v, result) in zip(numbers.elements, codec.unpacked(Array(packed.elements), count: 600)) {
      #expect(result == 0 || result == (v < 0 ? -1 : 1) * codec.scales[0])
    }
  }

  @Test func clippingIsToDeviationsAboutTheMean() {
    let segments = [0..<500, 500..<501, 501..<600, 600..<1000]
    let codec = TernaryCodec(segments: segments, clipping: 2)
    var numbers = normalNumbers(1000, stream: 8).map { $0 + 0.5 }
    // Equal numbers have no deviation to be clipped to.
    numbers.replaceSubrange(501..<600, with: [Float](repeating: 0.1, count: 99))
    let clipped = AlignedBuffer(numbers)
    codec.measure(clipped.pointer)
    for (segment, range) in segments.enumerated() {
      let values = numbers[range].map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      let limit = range.count > 1 && variance > 1e-9 ? 2 * variance.squareRoot() : .infinity
      for (i, value) in zip(range, values) {
        #expect(abs(Double(clipped[i]) - min(max(value, -limit), limit)) <= 1e-5)
      }
      #expect(codec.scales[segment] == clipped.elements[range].map(abs).max()!)
    }
  }

  /// The mean of 600 draws of each number is within 5.5 standard deviations of it, and the sum over all within 4.
  private func expectUnbiased(_ codec: some Codec, _ numbers: [Float], _ units: [Float]) {
    let draws = 600
    var sums = [Double](repeating: 0, count: numbers.count)
    for draw in 0..<draws {
      for (i, value) in codec.roundTrip(numbers, position: draw).enumerated() { sums[i] += Double(value) }
    }
    var (error, variance) = (0.0, 0.0)
    for i in numbers.indices {
      let unit = Double(units[i])
      guard unit > 0 else { continue }
      let level = abs(Double(numbers[i])) / unit
      let fraction = level - level.rounded(.down)
      let expectedVariance = fraction * (1 - fraction) * unit * unit / Double(draws)
      let difference = sums[i] / Double(draws) - Double(numbers[i])
      if fraction * (1 - fraction) * Double(draws) > 10 {
        #expect(abs(difference) <= 5.5 * expectedVariance.squareRoot(), "number \(i)")
      }
      error += difference
      variance += expectedVariance
    }
    #expect(abs(error) <= 4 * variance.squareRoot())
  }

  /// Some that begin or end within a vector, one of one number, neighbours, and numbers in none.
  private static func segments(_ count: Int) -> [Range<Int>] {
    [0..<5, 5..<6, 40..<300, 300..<333, 350..<513, 513..<1999].filter { $0.lowerBound < count }
      .map { $0.clamped(to: 0..<count) }
  }
}
