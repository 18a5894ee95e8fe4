/// Scratch memory for one image surrounded by zeros: windows that reach over its border need no special case.
struct PaddedImage: Sendable {
  let shape: ImageShape
  /// The image and its border.
  let padded: ImageShape
  private let buffer: AlignedBuffer<Float>
  private let first: Int

  /// - Parameters:
  ///   - before: rows above and columns to the left.
  ///   - below: rows below.
  ///   - right: columns to the right.
  init(_ shape: ImageShape, before: Int, below: Int, right: Int) {
    self.shape = shape
    padded = ImageShape(
      height: shape.height + before + below, width: shape.width + before + right, channels: shape.channels)
    buffer = AlignedBuffer(count: padded.count)
    first = (before * padded.width + before) * shape.channels
  }

  /// From one row to the next, in numbers.
  var rowStride: Int { padded.width * shape.channels }

  /// The corner of the border.
  var pointer: UnsafeMutablePointer<Float> { buffer.pointer }

  /// Replaces the image; its border stays zero.
  func copy(from image: UnsafePointer<Float>) {
    let count = shape.width * shape.channels
    for row in 0..<shape.height {
      (buffer.pointer + first + row * rowStride).update(from: image + row * count, count: count)
    }
  }

  /// The image without its border.
  func copy(to image: UnsafeMutablePointer<Float>) {
    let count = shape.width * shape.channels
    for row in 0..<shape.height {
      (image + row * count).update(from: buffer.pointer + first + row * rowStride, count: count)
    }
  }

  /// Zeroes image and border.
  func setToZero() { buffer.elements.update(repeating: 0) }
}
