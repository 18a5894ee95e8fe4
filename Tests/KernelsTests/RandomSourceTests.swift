import Kernels
import Testing

struct RandomSourceTests {
  /// The known answers that come with the authors' Random123.
  @Test func philoxGivesTheKnownAnswers() {
    #expect(
      RandomSource.philox(counter: .zero, key: .zero) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      RandomSource.philox(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
  }

  @Test func wordsAreTheBlocksOfTheStreamInOrder() {
    let seed: UInt64 = 0x0123_4567_89ab_cdef
    var source = RandomSource(seed: seed, purpose: .shuffle, index: 5, position: 9)
    for block in 0..<3 {
      let expected = RandomSource.philox(
        counter: SIMD4(UInt32(block), 0, RandomSource.Purpose.shuffle.rawValue << 24 | 5, 9),
        key: SIMD2(0x89ab_cdef, 0x0123_4567))
      for lane in 0..<4 { #expect(source.nextWord() == expected[lane]) }
    }
  }

  @Test func streamsDiffer() {
    var starts: Set<UInt64> = []
    for seed in [0, 1, 1 << 32] as [UInt64] {
      for purpose in [RandomSource.Purpose.shuffle, .partition] {
        for index in 0..<4 {
          for position in 0..<4 {
            var source = RandomSource(seed: seed, purpose: purpose, index: index, position: position)
            starts.insert(source.next())
          }
        }
      }
    }
    #expect(starts.count == 3 * 2 * 4 * 4)
  }

  @Test(arguments: [1, 2, 3, 10, 1000])
  func indicesAreBelowTheirBoundAndUniform(bound: Int) {
    var source = RandomSource(seed: 1, purpose: .benchmark)
    var counts = [Int](repeating: 0, count: bound)
    let expected = 1000.0
    for _ in 0..<bound * 1000 { counts[source.nextIndex(below: bound)] += 1 }
    // Pearson's statistic: mean bound − 1, variance 2 (bound − 1).
    let statistic = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(abs(statistic - Double(bound - 1)) <= 5 * (2 * Double(bound - 1)).squareRoot())
  }

  @Test func theLargestBoundIsAllowed() {
    var source = RandomSource(seed: 1, purpose: .benchmark)
    for _ in 0..<1000 { #expect(source.nextIndex(below: Int(UInt32.max)) < Int(UInt32.max)) }
  }

  @Test func uniformNumbersLieInsideTheUnitIntervalWithItsMoments() {
    let (mean, variance) = moments { $0.nextUniform() }
    #expect(abs(mean - 0.5) < 0.005 && abs(variance - 1.0 / 12) < 0.002)
    var source = RandomSource(seed: 2, purpose: .benchmark)
    for _ in 0..<10_000 {
      let number = source.nextUniform()
      #expect(number > 0 && number < 1)
    }
  }

  @Test func normalNumbersHaveMeanZeroAndVarianceOne() {
    let (mean, variance) = moments { $0.nextNormal() }
    #expect(abs(mean) < 0.015 && abs(variance - 1) < 0.03)
    let (square, squareVariance) = moments {
      let number = $0.nextNormal()
      return number * number
    }
    // Chi-squared with one degree of freedom.
    #expect(abs(square - 1) < 0.03 && abs(squareVariance - 2) < 0.2)
  }

  @Test(arguments: [0.1, 0.5, 1, 2.5, 100])
  func gammaNumbersHaveMeanAndVarianceEqualToTheShape(shape: Double) {
    let (mean, variance) = moments { $0.nextGamma(shape: shape) }
    #expect(abs(mean - shape) < 5 * (shape / 100_000).squareRoot())
    #expect(abs(variance / shape - 1) < 0.1)
  }

  @Test func shufflingGivesEveryOrderEquallyOften() {
    var counts: [[Int]: Int] = [:]
    var source = RandomSource(seed: 1, purpose: .benchmark)
    for _ in 0..<24_000 {
      var order = [0, 1, 2, 3]
      order.withUnsafeMutableBufferPointer { source.shuffle($0) }
      counts[order, default: 0] += 1
    }
    #expect(counts.count == 24)
    for count in counts.values { #expect(abs(count - 1000) < 160) }
  }

  /// Mean and variance of 100,000 draws.
  private func moments(_ draw: (inout RandomSource) -> Double) -> (mean: Double, variance: Double) {
    var source = RandomSource(seed: 1, purpose: .benchmark)
    let numbers = (0..<100_000).map { _ in draw(&source) }
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    return (mean, numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count))
  }
}
