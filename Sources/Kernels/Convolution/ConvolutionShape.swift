/// A square convolution: every output pixel is a weighted sum of a window of `kernel` by `kernel` input pixels, windows
/// `stride` pixels apart, the image being surrounded by `padding` pixels of zeros.
public struct ConvolutionShape: Hashable, Sendable {
  public let input: ImageShape
  public let output: ImageShape
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  /// - Precondition: the padded image holds at least one window, and windows reach into the image.
  public init(input: ImageShape, outputs: Int, kernel: Int, stride: Int = 1, padding: Int) {
    precondition(kernel > 0 && stride > 0 && padding >= 0 && padding < kernel)
    precondition(min(input.height, input.width) + 2 * padding >= kernel)
    self.input = input
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    output = ImageShape(
      height: (input.height + 2 * padding - kernel) / stride + 1,
      width: (input.width + 2 * padding - kernel) / stride + 1, channels: outputs)
  }

  /// Numbers in a window: what a weight matrix (window, outputs) has rows. Row, column and channel, in this order.
  public var windowCount: Int { kernel * kernel * input.channels }
  public var weightCount: Int { windowCount * output.channels }
  /// Of a row of a window: these lie together in a padded image.
  var runCount: Int { kernel * input.channels }

  /// Whether `kernel` by `kernel` pixels around every pixel make an output, and vectors hold whole parts of channels.
  func isPlain(kernel: Int) -> Bool {
    self.kernel == kernel && stride == 1 && padding == kernel / 2 && input.channels % 16 == 0
      && output.channels % 16 == 0
  }

  /// Multiplications and additions of one of the three products, per image.
  public var operations: Int { 2 * weightCount * output.pixels }

  /// Which weight of the window PyTorch's index (channel, row, column) means.
  public func window(ofChannelsFirst index: Int) -> Int {
    let (channel, tap) = index.quotientAndRemainder(dividingBy: kernel * kernel)
    return tap * input.channels + channel
  }
}
