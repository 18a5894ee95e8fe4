/// A convolution as matrix products by BLAS: windows are copied side by side ("im2col") and multiplied by the weights.
///
/// The path for processors and builds whose vectors are narrower than 256 bits.
struct ProductConvolution: ConvolutionKernels {
  private let shape: ConvolutionShape
  private let image: PaddedImage
  /// (output pixel, window)
  private let windows: AlignedBuffer<Float>

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    image = PaddedImage(shape.input, before: shape.padding, below: shape.padding, right: shape.padding)
    windows = AlignedBuffer(count: shape.output.pixels * shape.windowCount)
  }

  func index(window: Int, output: Int) -> Int { window * shape.output.channels + output }

  func forward(_ weights: Weights, input: Matrix, output: Matrix) {
    for row in 0..<input.rows {
      gather(input.row(row))
      pixels(output.row(row)).multiply(windowMatrix, weightMatrix(weights))
    }
  }

  func inputGradient(_ weights: Weights, outputGradient: Matrix, inputGradient: Matrix) {
    for row in 0..<outputGradient.rows {
      windowMatrix.multiply(pixels(outputGradient.row(row)), weightMatrix(weights).transposed)
      scatter(inputGradient.row(row))
    }
  }

  func addWeightGradient(input: Matrix, outputGradient: Matrix, to gradient: Weights) {
    for row in 0..<input.rows {
      gather(input.row(row))
      weightMatrix(gradient).multiply(windowMatrix.transposed, pixels(outputGradient.row(row)), accumulating: true)
    }
  }

  private var windowMatrix: Matrix {
    Matrix(windows.pointer, rows: shape.output.pixels, columns: shape.windowCount)
  }

  private func weightMatrix(_ weights: Weights) -> Matrix {
    Matrix(weights, rows: shape.windowCount, columns: shape.output.channels)
  }

  private func pixels(_ image: UnsafeMutablePointer<Float>) -> Matrix {
    Matrix(image, rows: shape.output.pixels, columns: shape.output.channels)
  }

  /// Hands each run of a window to `body`: its place in the padded image, and in `windows`.
  private func forEachRun(_ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void) {
    for row in 0..<shape.output.height {
      for column in 0..<shape.output.width {
        let window = windows.pointer + (row * shape.output.width + column) * shape.windowCount
        let corner = image.pointer + shape.stride * (row * image.rowStride + column * shape.input.channels)
        for tapRow in 0..<shape.kernel { body(corner + tapRow * image.rowStride, window + tapRow * shape.runCount) }
      }
    }
  }

  private func gather(_ numbers: UnsafePointer<Float>) {
    image.copy(from: numbers)
    forEachRun { pixels, window in window.update(from: pixels, count: shape.runCount) }
  }

  /// An image ← the sums of what the windows have of each pixel.
  private func scatter(_ numbers: UnsafeMutablePointer<Float>) {
    image.setToZero()
    forEachRun { pixels, window in for index in 0..<shape.runCount { pixels[index] += window[index] } }
    image.copy(to: numbers)
    image.setToZero()
  }
}
