/// What an image is in memory: `height` rows of `width` pixels of `channels` numbers each.
///
/// Channels last: the numbers of a pixel lie together, and so do the pixels that a row of a convolution's window covers.
public struct ImageShape: Hashable, Sendable {
  public let height: Int
  public let width: Int
  public let channels: Int

  public init(height: Int, width: Int, channels: Int) {
    precondition(height > 0 && width > 0 && channels > 0)
    self.height = height
    self.width = width
    self.channels = channels
  }

  public var pixels: Int { height * width }
  public var count: Int { pixels * channels }

  /// Where the number at `index` of PyTorch's order, (channels, height, width), is in ours.
  public func place(ofChannelsFirst index: Int) -> Int {
    let (channel, pixel) = index.quotientAndRemainder(dividingBy: pixels)
    return pixel * channels + channel
  }
}

extension ImageShape: CustomStringConvertible {
  /// As in 32x32x3.
  public var description: String { "\(height)x\(width)x\(channels)" }
}
