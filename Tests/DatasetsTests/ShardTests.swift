import Datasets
import Testing

struct ShardTests {
  @Test(arguments: [SampleFormat.Encoding.byte, .float])
  func aFormatIsItsWords(encoding: SampleFormat.Encoding) {
    let format = SampleFormat(channels: 3, height: 32, width: 31, classCount: 10, encoding: encoding)
    #expect(format.words.count == SampleFormat.wordCount)
    #expect(SampleFormat(words: format.words) == format)
    #expect(format.featureCount == 3 * 32 * 31)
    #expect(format.bytesPerSample == format.featureCount * (encoding == .byte ? 1 : 4))
  }

  @Test(arguments: [1, 15, 16, 17, 784])
  func rowsHoldWhatWasAppendedPaddedWithZeros(features: Int) {
    let format = SampleFormat(channels: 1, height: 1, width: features, classCount: 3, encoding: .byte)
    let shard = Shard(capacity: 4, format: format)
    #expect(shard.rowStride % 16 == 0 && shard.rowStride - features < 16 && shard.rowStride >= features)
    let samples = (0..<4).map { sample in (0..<features).map { UInt8(truncatingIfNeeded: 100 * sample + 3 * $0) } }
    for (sample, bytes) in samples.enumerated() {
      #expect(shard.count == sample)
      bytes.withUnsafeBytes { shard.append($0.baseAddress!, label: Int32(sample % 3)) }
    }
    for (sample, bytes) in samples.enumerated() {
      let row = UnsafeBufferPointer(start: shard.row(sample), count: shard.rowStride)
      #expect(Array(row) == bytes.map(Float.init) + Array(repeating: 0, count: shard.rowStride - features))
      #expect(UInt(bitPattern: shard.row(sample)) % 64 == 0)
      #expect(shard.labels[sample] == Int32(sample % 3))
    }
  }

  @Test(
    arguments: [(1, 4, 3), (3, 4, 5), (2, 1, 7), (3, 6, 1), (5, 1, 1), (1, 1, 1), (4, 2, 2)],
    [SampleFormat.Encoding.byte, .float])
  func channelsComeLast(shape: (channels: Int, height: Int, width: Int), encoding: SampleFormat.Encoding) {
    let (channels, height, width) = shape
    let format = SampleFormat(channels: channels, height: height, width: width, classCount: 1, encoding: encoding)
    let stored = (0..<format.featureCount).map { UInt8(truncatingIfNeeded: 7 + 31 * $0) }
    let shard = Shard(capacity: 1, format: format)
    let bytes = encoding == .byte ? stored : stored.map(Float.init).withUnsafeBytes { Array($0) }
    bytes.withUnsafeBytes { shard.append($0.baseAddress!, label: 0) }
    for channel in 0..<channels {
      for y in 0..<height {
        for x in 0..<width {
          let feature = shard.row(0)[(y * width + x) * channels + channel]
          #expect(feature == Float(stored[(channel * height + y) * width + x]))
        }
      }
    }
  }

  @Test func floatsAreDecodedFromAnyAddress() {
    let format = SampleFormat(channels: 1, height: 2, width: 2, classCount: 2, encoding: .float)
    let values: [Float] = [1.5, -2, .leastNonzeroMagnitude, 3e38]
    let shard = Shard(capacity: 1, format: format)
    let bytes: [UInt8] = [0] + values.withUnsafeBytes { Array($0) }
    bytes.withUnsafeBytes { shard.append($0.baseAddress! + 1, label: 1) }
    #expect(Array(UnsafeBufferPointer(start: shard.row(0), count: 4)) == values)

    let two = Shard(capacity: 1, format: .init(channels: 2, height: 1, width: 2, classCount: 2, encoding: .float))
    bytes.withUnsafeBytes { two.append($0.baseAddress! + 1, label: 1) }
    #expect(Array(UnsafeBufferPointer(start: two.row(0), count: 4)) == [0, 2, 1, 3].map { values[$0] })
  }
}
