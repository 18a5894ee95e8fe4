import Datasets
import Kernels
import Testing

struct NormalizationTests {
  private static let size = 35

  /// Samples of three channels; each channel has pixels of a range of its own, the last is constant.
  private let samples: [[UInt8]] = {
    var source = RandomSource(seed: 1, purpose: .benchmark)
    return (0..<101).map { _ in
      let wide = (0..<size).map { _ in UInt8(source.nextIndex(below: 256)) }
      let narrow = (0..<size).map { _ in UInt8(200 + source.nextIndex(below: 9)) }
      return wide + narrow + repeatElement(77, count: size)
    }
  }()

  @Test func standardGivesEachChannelMeanZeroAndDeviationOne() {
    let shard = shard(samples)
    Normalization.standard.apply(to: shard, moments: ChannelMoments(shard))
    let moments = ChannelMoments(shard)
    for channel in 0..<3 { #expect(abs(moments.mean(channel)) < 1e-5) }
    for channel in 0..<2 { #expect(abs(moments.deviation(channel) - 1) < 1e-5) }
    #expect(shard.row(50)[2] == 0)
  }

  /// Each against its definition, two passes in Double over the bytes in the order of the file.
  @Test func momentsAndScalingOfEachChannelAreTheirDefinitions() {
    let shard = shard(samples)
    let moments = ChannelMoments(shard)
    Normalization.standard.apply(to: shard, moments: moments)
    for channel in 0..<3 {
      let pixels = samples.map { $0[(channel * Self.size)..<((channel + 1) * Self.size)].map(Double.init) }
      let count = Double(samples.count * Self.size)
      let mean = pixels.joined().reduce(0, +) / count
      let deviation = (pixels.joined().reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
      #expect(abs(moments.mean(channel) - mean) < 1e-9)
      #expect(abs(moments.deviation(channel) - (deviation > 0 ? deviation : 1)) < 1e-9)
      for (sample, pixels) in pixels.enumerated() {
        for (pixel, value) in pixels.enumerated() {
          let scaled = Double(shard.row(sample)[pixel * 3 + channel])
          #expect(abs(scaled - (value - mean) / (deviation > 0 ? deviation : 1)) < 1e-5)
        }
      }
    }
  }

  @Test func aSampleOfOnePixelIsScaledColumnByColumn() {
    let rows: [[Float]] = [[1, 10, -5], [2, 30, -5], [6, 20, -5]]
    let shard = Shard(capacity: 3, format: .init(channels: 3, height: 1, width: 1, classCount: 1, encoding: .float))
    for row in rows { row.withUnsafeBytes { shard.append($0.baseAddress!, label: 0) } }
    let moments = ChannelMoments(shard)
    #expect((0..<3).map(moments.mean) == [3, 20, -5])
    Normalization.standard.apply(to: shard, moments: moments)
    #expect((0..<3).map { shard.row($0)[2] } == [0, 0, 0])
    #expect(shard.row(1)[0] == -1 / Float((14.0 / 3).squareRoot()))
    #expect(shard.row(1)[1] == 10 / Float((200.0 / 3).squareRoot()))
  }

  @Test(arguments: [1, 2, 3, 5, 8])
  func momentsOfPixelsDoNotDependOnTheSharding(workers: Int) {
    let parts = (0..<workers).map { worker in
      shard(samples.indices.filter { $0 % workers == worker }.map { samples[$0] })
    }
    let nothing = ChannelMoments(values: [Double](repeating: 0, count: 9))
    let sum = parts.reversed().map { ChannelMoments($0) }.reduce(nothing, +)
    #expect(sum == ChannelMoments(shard(samples)))
  }

  @Test func aConstantChannelIsDividedByOne() {
    #expect(ChannelMoments(shard(samples)).deviation(2) == 1)
    let format = SampleFormat(channels: 1, height: 1, width: 1, classCount: 1, encoding: .float)
    let floats = Shard(capacity: 1000, format: format)
    for _ in 0..<1000 { withUnsafeBytes(of: Float(0.1)) { floats.append($0.baseAddress!, label: 0) } }
    #expect(ChannelMoments(floats).deviation(0) == 1)
  }

  @Test func unitPutsPixelsInZeroToOneAndLeavesFloatsAlone() {
    let pixels = shard(samples)
    Normalization.unit.apply(to: pixels, moments: ChannelMoments(pixels))
    for feature in 0..<3 * Self.size {
      let stored = samples[7][feature % 3 * Self.size + feature / 3]
      #expect(pixels.row(7)[feature] == Float(stored) / 255)
    }

    let floats = Shard(capacity: 1, format: .init(channels: 1, height: 1, width: 1, classCount: 1, encoding: .float))
    withUnsafeBytes(of: Float(300)) { floats.append($0.baseAddress!, label: 0) }
    Normalization.unit.apply(to: floats, moments: ChannelMoments(floats))
    #expect(floats.row(0)[0] == 300)
  }

  @Test(arguments: Normalization.allCases)
  func paddingStaysZero(normalization: Normalization) {
    let shard = shard(samples)
    normalization.apply(to: shard, moments: ChannelMoments(shard))
    #expect(shard.rowStride == 112)
    for sample in 0..<shard.count {
      for column in 105..<112 { #expect(shard.row(sample)[column] == 0) }
    }
  }

  @Test func noneChangesNothing() {
    let shard = shard(samples)
    Normalization.none.apply(to: shard, moments: ChannelMoments(shard))
    #expect(ChannelMoments(shard) == ChannelMoments(self.shard(samples)))
  }

  private func shard(_ samples: [[UInt8]]) -> Shard {
    let format = SampleFormat(channels: 3, height: 5, width: 7, classCount: 1, encoding: .byte)
    let shard = Shard(capacity: samples.count, format: format)
    for sample in samples { sample.withUnsafeBytes { shard.append($0.baseAddress!, label: 0) } }
    return shard
  }
}
