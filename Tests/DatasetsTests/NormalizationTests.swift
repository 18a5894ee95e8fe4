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
    #expect(shard.row(50)[2 * Self.size] == 0)
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
    for feature in 0..<3 * Self.size { #expect(pixels.row(7)[feature] == Float(samples[7][feature]) / 255) }

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
