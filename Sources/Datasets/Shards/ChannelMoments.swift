/// Count, sum and sum of squares of each channel's features as they were read, before any normalisation.
///
/// Moments of parts add up to those of the whole. For pixels every number here is an integer below 2^53, so the sums
/// are exact and do not depend on how the samples are divided or in which order the parts are added.
public struct ChannelMoments: Equatable, Sendable {
  /// (channel, 3): count, sum, sum of squares. A flat array, to be added up over ranks.
  public var values: [Double]

  public var channelCount: Int { values.count / 3 }

  /// - Parameter values: (channel, 3), as another instance's `values` or a sum of such.
  public init(values: [Double]) {
    precondition(values.count % 3 == 0, "a channel has three moments")
    self.values = values
  }

  /// The moments of a shard that is not normalised yet.
  public init(_ shard: Shard) {
    let channels = shard.format.channels
    values = Array(repeating: 0, count: 3 * channels)
    for index in 0..<shard.count {
      let row = shard.row(index)
      for channel in 0..<channels { add(row, of: shard.format, channel) }
    }
  }

  public static func + (left: ChannelMoments, right: ChannelMoments) -> ChannelMoments {
    precondition(left.values.count == right.values.count, "moments of different formats do not add up")
    return ChannelMoments(values: zip(left.values, right.values).map { $0 + $1 })
  }

  public func mean(_ channel: Int) -> Double { values[3 * channel + 1] / values[3 * channel] }

  /// The standard deviation over all of a channel's features; 1 for a channel that is constant.
  public func deviation(_ channel: Int) -> Double {
    let mean = mean(channel)
    let meanSquare = values[3 * channel + 2] / values[3 * channel]
    let variance = meanSquare - mean * mean
    // A constant that is no integer leaves a little by rounding.
    return variance > 1e-12 * meanSquare ? variance.squareRoot() : 1
  }

  /// Adds a channel of a sample.
  private mutating func add(_ row: UnsafePointer<Float>, of format: SampleFormat, _ channel: Int) {
    var sum = 0.0
    var squares = 0.0
    for pixel in 0..<format.pixelCount {
      let feature = Double(row[pixel * format.channels + channel])
      sum += feature
      squares += feature * feature
    }
    values[3 * channel] += Double(format.pixelCount)
    values[3 * channel + 1] += sum
    values[3 * channel + 2] += squares
  }
}
