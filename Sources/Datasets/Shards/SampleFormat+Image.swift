import Kernels

extension SampleFormat {
  /// What a sample's row is in memory.
  public var image: ImageShape { ImageShape(height: height, width: width, channels: channels) }
}
