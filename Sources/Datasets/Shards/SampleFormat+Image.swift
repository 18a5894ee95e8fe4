import Kernels

extension SampleFormat {
  /// What a sample's row is in memory; of a sequence, what a network sees of it: all but the last character.
  public var image: ImageShape {
    isSequence
      ? ImageShape(height: 1, width: targetCount, channels: 1)
      : ImageShape(height: height, width: width, channels: channels)
  }
}
