import Kernels

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
    let channels = 0..<moments.channelCount
    apply(to: shard, means: channels.map(moments.mean), deviations: channels.map(moments.deviation))
  }

  /// - Parameter means, deviations: of each channel; only `standard` looks at them.
  public func apply(to shard: Shard, means: [Double], deviations: [Double]) {
    switch self {
    case .none:
      break
    case .unit:
      guard shard.format.encoding == .byte else { break }
      shard.scale(from: { _ in 0 }, by: { _ in 255 })
    case .standard:
      precondition(means.count == shard.format.channels, "the moments are of another format")
      shard.scale(from: { means[$0] }, by: { deviations[$0] })
    }
  }
}

extension Shard {
  /// Replaces each feature x by (x − origin) / unit, both those of its channel.
  fileprivate func scale(from origin: (_ channel: Int) -> Double, by unit: (_ channel: Int) -> Double) {
    // One of each for every feature of a row, so that a row is one pass whatever its channels.
    let channels = (0..<format.channels).map { (origin: Float(origin($0)), unit: Float(unit($0))) }
    let origins = AlignedBuffer((0..<format.featureCount).map { channels[$0 % format.channels].origin })
    let units = AlignedBuffer((0..<format.featureCount).map { channels[$0 % format.channels].unit })
    for index in 0..<count {
      let features = row(index)
      for feature in 0..<format.featureCount {
        features[feature] = (features[feature] - origins.pointer[feature]) / units.pointer[feature]
      }
    }
  }
}
