/// How features are scaled before training.
public enum Normalization: String, CaseIterable, Sendable {
  /// As they were read; pixels are 0...255.
  case none
  /// Pixels are divided by 255; other features stay as they are.
  case unit
  /// Each channel gets mean 0 and deviation 1 over the training set.
  case standard

  /// Scales every sample of a shard, once.
  ///
  /// - Parameter moments: those of the whole training set, also for a shard of the test set; only `standard` looks
  ///   at them.
  public func apply(to shard: Shard, moments: ChannelMoments) {
    switch self {
    case .none:
      break
    case .unit:
      guard shard.format.encoding == .byte else { break }
      for channel in 0..<shard.format.channels { shard.scale(channel, from: 0, by: 255) }
    case .standard:
      precondition(moments.channelCount == shard.format.channels, "the moments are of another format")
      for channel in 0..<shard.format.channels {
        shard.scale(channel, from: Float(moments.mean(channel)), by: Float(moments.deviation(channel)))
      }
    }
  }
}

extension Shard {
  /// Replaces each feature x of a channel by (x − origin) / unit.
  fileprivate func scale(_ channel: Int, from origin: Float, by unit: Float) {
    let size = format.height * format.width
    for index in 0..<count {
      let features = row(index) + channel * size
      for feature in 0..<size { features[feature] = (features[feature] - origin) / unit }
    }
  }
}
