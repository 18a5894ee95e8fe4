import Kernels
import Testing

/// A codec under test, by name.
struct CodecCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// For vectors of so many numbers.
  let codec: @Sendable (_ count: Int) -> any Codec
  /// Bytes that so many numbers take.
  let expectedBytes: @Sendable (_ count: Int) -> Int

  private init(
    _ name: String, bytes: @escaping @Sendable (Int) -> Int, codec: @escaping @Sendable (Int) -> any Codec
  ) {
    testDescription = name
    self.codec = codec
    expectedBytes = bytes
  }

  /// A whole number of blocks of 64 bytes, and a scale for each 512 numbers.
  private static func bucketed(_ count: Int, bits: Int) -> Int {
    let numbersInBlock = 512 / bits
    return (count + numbersInBlock - 1) / numbersInBlock * 64 + (count + 511) / 512 * 4
  }

  static let all = [
    CodecCase("identity", bytes: { 4 * $0 }, codec: { _ in IdentityCodec() }),
    CodecCase("fp16", bytes: { 4 * (($0 + 1) / 2) }, codec: { _ in Float16Codec() }),
    CodecCase("bf16", bytes: { 64 * (($0 + 31) / 32) }, codec: { _ in BFloat16Codec() }),
    CodecCase("int8", bytes: { bucketed($0, bits: 8) }, codec: { _ in Int8Codec() }),
    CodecCase("sign", bytes: { bucketed($0, bits: 1) }, codec: { _ in SignCodec() }),
    CodecCase("top-k", bytes: { 8 * max(1, ($0 + 9) / 10) }, codec: { _ in TopKCodec(density: 0.1) }),
    CodecCase("qsgd 8", bytes: { bucketed($0, bits: 8) }, codec: { _ in QuantizationCodec(bits: 8) }),
    CodecCase("qsgd 4", bytes: { bucketed($0, bits: 4) }, codec: { _ in QuantizationCodec(bits: 4) }),
    CodecCase("qsgd 2", bytes: { bucketed($0, bits: 2) }, codec: { _ in QuantizationCodec(bits: 2) }),
    CodecCase(
      "qsgd 4 in buckets of 1024", bytes: { 64 * (($0 + 127) / 128) + 4 * (($0 + 1023) / 1024) },
      codec: { _ in QuantizationCodec(bits: 4, bucket: 1024) }),
    CodecCase(
      "ternary", bytes: { 64 * (($0 + 255) / 256) },
      codec: { TernaryCodec(segments: [0..<$0 / 3, $0 / 3..<$0].filter { !$0.isEmpty }) }),
  ]

  static let counts = [1, 7, 511, 512, 513, 2000]
}

extension Codec {
  static var guardByte: UInt8 { 0xA5 }

  /// What a worker packs, without its guards, which must be as they were. Unless told otherwise the address has the
  /// alignment of a Float and no more.
  func packed(_ numbers: [Float], worker: Int = 0, position: Int = 0, misalignment: Int = 4) -> [UInt8] {
    let bytes = packedBytes(numbers.count)
    let buffer = AlignedBuffer<UInt8>(count: bytes + 256)
    buffer.elements.update(repeating: Self.guardByte)
    let place = misalignment..<misalignment + bytes
    // Numbers at any address too.
    let input = AlignedBuffer([0] + numbers)
    (self as? TernaryCodec)?.measure(input.pointer + 1)
    encode(
      input.pointer + 1, count: numbers.count, into: buffer.pointer + misalignment,
      draws: LaneRandom(seed: 17, worker: worker, position: position))
    #expect(buffer.elements.indices.allSatisfy { place.contains($0) || buffer[$0] == Self.guardByte })
    return Array(buffer.elements[place])
  }

  /// sum + factor · decoded.
  func unpacked(_ packed: [UInt8], count: Int, addingTo sum: [Float]? = nil, factor: Float = 1) -> [Float] {
    let bytes = AlignedBuffer([0, 0, 0, 0] + packed)
    let guardNumber: Float = -7
    let buffer = AlignedBuffer(
      [guardNumber] + (sum ?? [Float](repeating: 0, count: count)) + [Float](repeating: guardNumber, count: 20))
    decode(bytes.pointer + 4, count: count, addingTo: buffer.pointer + 1, factor: factor)
    #expect(buffer[0] == guardNumber && buffer.elements[(count + 1)...].allSatisfy { $0 == guardNumber })
    return Array(buffer.elements[1...count])
  }

  func roundTrip(_ numbers: [Float], position: Int = 0) -> [Float] {
    unpacked(packed(numbers, position: position), count: numbers.count)
  }
}

/// `count` numbers in [−1, 1), the same on all machines.
func uniformNumbers(_ count: Int, stream: Int) -> [Float] {
  var source = RandomSource(seed: 2, purpose: .benchmark, index: stream)
  return (0..<count).map { _ in Float(Int32(bitPattern: source.nextWord()) >> 7) * 0x1p-24 }
}

/// The code of number i among those packed with so many bits: 16 words a block, vector k of the block in bits
/// k · bits … of each.
func code(_ i: Int, bits: Int, in packed: [UInt8]) -> Int {
  let (block, rest) = i.quotientAndRemainder(dividingBy: 512 / bits)
  let bit = rest / 16 * bits
  let byte = 64 * block + 4 * (rest % 16) + bit / 8
  return Int(packed[byte]) >> (bit % 8) & (1 << bits - 1)
}

/// The scale of the bucket that number i is in.
func scale(_ i: Int, bits: Int, count: Int, in packed: [UInt8]) -> Float {
  let numbersInBlock = 512 / bits
  let offset = (count + numbersInBlock - 1) / numbersInBlock * 64 + i / 512 * 4
  return packed.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Float.self) }
}

/// The words that round `count` numbers: block 16 ⌊i/64⌋ + i mod 16, word ⌊i/16⌋ mod 4 of the stream.
func roundingWords(_ count: Int, worker: Int = 0, position: Int = 0) -> [UInt32] {
  var source = RandomSource(seed: 17, purpose: .compression, index: worker, position: position)
  let stream = (0..<(count + 63) / 64 * 64).map { _ in source.nextWord() }
  return (0..<count).map { i in stream[4 * (16 * (i / 64) + i % 16) + i / 16 % 4] }
}

/// The whole number below x, or the one above where the word's upper 23 bits, as a number in (0, 1), are below how far x
/// lies from the one below.
func stochasticallyRounded(_ x: Float, _ word: UInt32) -> Int {
  let below = Double(x).rounded(.down)
  let uniform = (Double(word >> 9) + 0.5) * 0x1p-23
  return Int(below) + (uniform < Double(Float(Double(x) - below)) ? 1 : 0)
}
