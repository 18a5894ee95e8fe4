/// The parameter-free shortcut of a residual block, option A of He, Zhang, Ren and Sun (2015): the identity; where the
/// block changes the shape, every stride-th pixel in either direction, with zeros for the channels that are new, half of
/// them before and half behind the old ones.
public struct Shortcut: Sendable {
  public let source: ImageShape
  public let target: ImageShape
  private let stride: Int
  private let firstChannel: Int

  /// - Precondition: the target has at least as many channels and is smaller by a whole factor, rounded up.
  public init(from source: ImageShape, to target: ImageShape) {
    // A side of one pixel is not made smaller by any stride.
    stride = max(
      (source.height + target.height - 1) / target.height, (source.width + target.width - 1) / target.width)
    precondition(target.channels >= source.channels)
    precondition((source.height + stride - 1) / stride == target.height)
    precondition((source.width + stride - 1) / stride == target.width)
    self.source = source
    self.target = target
    firstChannel = (target.channels - source.channels) / 2
  }

  public var isIdentity: Bool { source == target }

  /// output ← max(output + shortcut(image), 0).
  public func addAndRectify(_ image: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>) {
    forEachPixel { from, to in Elementwise.add(image + from, to: output + to, source.channels) }
    Elementwise.rectify(output, target.count)
  }

  /// gradient (source) ← gradient + the adjoint of the shortcut applied to outputGradient (target).
  public func addGradient(_ outputGradient: UnsafePointer<Float>, to gradient: UnsafeMutablePointer<Float>) {
    if isIdentity { return Elementwise.add(outputGradient, to: gradient, target.count) }
    forEachPixel { from, to in Elementwise.add(outputGradient + to, to: gradient + from, source.channels) }
  }

  /// Hands each pixel's place in the source and of its first channel in the target to `body`.
  @inline(__always)
  private func forEachPixel(_ body: (_ source: Int, _ target: Int) -> Void) {
    for row in 0..<target.height {
      for column in 0..<target.width {
        body(
          (row &* source.width &+ column) &* stride &* source.channels,
          (row &* target.width &+ column) &* target.channels &+ firstChannel)
      }
    }
  }
}
