import Kernels
import Testing

/// What holds for all codecs.
struct CodecTests {
  @Test(arguments: CodecCase.all, CodecCase.counts)
  func packedSizeIsAFunctionOfTheCount(_ test: CodecCase, count: Int) {
    let bytes = test.codec(count).packedBytes(count)
    #expect(bytes == test.expectedBytes(count) && bytes % 4 == 0)
  }

  @Test(arguments: CodecCase.all)
  func nothingTakesNoBytes(_ test: CodecCase) {
    #expect(test.codec(1).packedBytes(0) == 0)
  }

  /// The guards around what is written are looked at by `packed` and `unpacked`.
  @Test(arguments: CodecCase.all, CodecCase.counts)
  func decodingAddsTheFactorTimesTheNumbers(_ test: CodecCase, count: Int) {
    let codec = test.codec(count)
    let packed = codec.packed(normalNumbers(count, stream: 1))
    let decoded = codec.unpacked(packed, count: count)
    let sum = normalNumbers(count, stream: 2)
    let result = codec.unpacked(packed, count: count, addingTo: sum, factor: -0.3)
    for i in 0..<count { #expect(abs(result[i] - (sum[i] - 0.3 * decoded[i])) <= 1e-6 * (1 + abs(decoded[i]))) }
  }

  @Test(arguments: CodecCase.all)
  func addressesMakeNoDifference(_ test: CodecCase) {
    let numbers = normalNumbers(1000, stream: 3)
    let codec = test.codec(1000)
    #expect(codec.packed(numbers, misalignment: 4) == codec.packed(numbers, misalignment: 64))
  }

  @Test(arguments: CodecCase.all)
  func onlyUnbiasedCodecsThatLoseSomethingDependOnWorkerAndPosition(_ test: CodecCase) {
    let numbers = normalNumbers(1000, stream: 3)
    let codec = test.codec(1000)
    let packed = codec.packed(numbers, worker: 1, position: 5)
    #expect(packed == codec.packed(numbers, worker: 1, position: 5))
    let isStochastic = codec.isUnbiased && !(codec is IdentityCodec)
    #expect((packed != codec.packed(numbers, worker: 2, position: 5)) == isStochastic)
    #expect((packed != codec.packed(numbers, worker: 1, position: 6)) == isStochastic)
  }

  @Test(arguments: CodecCase.all, [Float.infinity, -.infinity, .nan, -.nan])
  func divergenceStays(_ test: CodecCase, number: Float) {
    for index in [0, 300, 599] {
      var numbers = normalNumbers(600, stream: 4)
      numbers[index] = number
      #expect(!test.codec(600).roundTrip(numbers)[index].isFinite)
    }
  }

  @Test(arguments: CodecCase.all)
  func zerosStayZeros(_ test: CodecCase) {
    #expect(test.codec(600).roundTrip([Float](repeating: 0, count: 600)).allSatisfy { $0 == 0 })
  }

  @Test(arguments: CodecCase.all)
  func finiteNumbersOfAnySizeStayFinite(_ test: CodecCase) {
    for exponent in stride(from: -149, through: 110, by: 7) {
      let scale = Float(sign: .plus, exponent: exponent, significand: 1)
      let numbers = uniformNumbers(600, stream: 5).map { $0 * scale }
      let decoded = test.codec(600).roundTrip(numbers)
      // No codec exceeds the Euclidean norm of a bucket of 512.
      #expect(decoded.allSatisfy { abs($0) <= 23 * scale })
    }
  }

  @Test func identityKeepsAllBits() {
    let numbers = normalNumbers(777, stream: 6) + [.leastNonzeroMagnitude, .greatestFiniteMagnitude]
    #expect(firstDifference(IdentityCodec().roundTrip(numbers), numbers) == nil)
  }

  /// Processors with vectors of other widths, and without fused multiply-add, pack the same bytes.
  @Test func packedBytesArePinned() {
    let numbers = uniformNumbers(2000, stream: 7)
    let hashes = CodecCase.all.map { test in
      test.codec(2000).packed(numbers, worker: 3, position: 9).reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01b3
      }
    }
    #expect(
      hashes == [
        9_032_483_383_247_264_024, 9_440_466_154_014_509_562, 6_812_390_313_932_218_779, 13_937_474_916_086_267_841,
        17_052_756_795_882_650_551, 12_184_747_617_750_572_963, 12_507_510_263_768_349_203, 13_454_665_262_553_893_352,
        3_483_244_536_324_731_539, 692_663_974_837_126_519, 14_445_843_998_089_244_982,
      ])
  }
}
