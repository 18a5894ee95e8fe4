import Kernels
import Testing

/// A convolution and a batch, with numbers for all of it, and the three products found in Double.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
  let kernels: ConvolutionProducts.Kernels
  let shape: ConvolutionShape
  let rows: Int

  /// Strides that divide and that don't, windows of a pixel and of the whole image, images of one pixel, panels that are
  /// full, narrow and single, rows of pixels that fill tiles and others, more images than Winograd's kernels take at a time.
  private static let shapes: [(image: (Int, Int, Int), outputs: Int, window: (Int, Int, Int), rows: Int)] = [
    ((7, 9, 3), 7, (3, 1, 1), 3), ((5, 4, 5), 10, (3, 2, 1), 2), ((28, 28, 1), 32, (5, 1, 2), 2),
    ((14, 14, 32), 64, (5, 1, 2), 1), ((14, 14, 16), 16, (3, 1, 1), 3), ((7, 9, 16), 32, (3, 1, 1), 7),
    ((5, 4, 32), 48, (3, 1, 1), 19), ((8, 8, 48), 64, (3, 1, 1), 11), ((4, 6, 64), 16, (3, 1, 1), 2),
    ((1, 1, 16), 16, (3, 1, 1), 3), ((16, 16, 3), 16, (3, 1, 1), 2), ((16, 32, 16), 16, (3, 1, 1), 1),
    ((32, 32, 16), 16, (3, 2, 1), 1), ((16, 16, 5), 10, (3, 1, 1), 2), ((4, 16, 48), 33, (1, 1, 0), 2),
    ((9, 7, 33), 40, (3, 1, 0), 2), ((9, 7, 32), 16, (3, 1, 2), 2), ((7, 9, 5), 33, (1, 2, 0), 3),
    ((10, 11, 3), 16, (5, 3, 2), 2), ((7, 9, 16), 33, (3, 3, 1), 2), ((8, 8, 16), 32, (3, 2, 1), 4),
    ((6, 5, 1), 1, (1, 3, 0), 2), ((3, 3, 3), 7, (3, 1, 0), 4), ((4, 4, 5), 10, (5, 1, 2), 2),
    ((4, 5, 3), 7, (5, 1, 4), 2), ((5, 5, 64), 10, (5, 2, 2), 2), ((11, 8, 32), 64, (3, 1, 1), 2),
    ((1, 24, 64), 32, (3, 1, 1), 2), ((2, 16, 48), 16, (3, 1, 1), 2), ((9, 48, 16), 48, (3, 1, 1), 2),
    ((7, 9, 16), 32, (5, 1, 2), 7), ((5, 4, 48), 16, (5, 1, 2), 19), ((1, 1, 16), 16, (5, 1, 2), 3),
  ]

  /// Every shape by every kernels that can do it.
  static let all = shapes.flatMap { image, outputs, window, rows in
    let shape = ConvolutionShape(
      input: ImageShape(height: image.0, width: image.1, channels: image.2), outputs: outputs, kernel: window.0,
      stride: window.1, padding: window.2)
    return ConvolutionProducts.Kernels.allCases
      .filter { ConvolutionProducts(shape, kernels: $0).kernels == $0 }
      .map { ConvolutionCase(kernels: $0, shape: shape, rows: rows) }
  }

  var testDescription: String {
    "\(kernels) \(shape.input)→\(shape.output), window \(shape.kernel), stride \(shape.stride), "
      + "padding \(shape.padding), \(rows) rows"
  }

  var products: ConvolutionProducts { ConvolutionProducts(shape, kernels: kernels) }
  /// Of results in single precision; Winograd's transforms multiply what they subtract.
  var tolerance: Double { kernels == .winograd ? 1e-5 : 1e-6 }

  /// (rows, input image)
  var input: [Float] { normalNumbers(rows * shape.input.count, stream: 1) }
  /// (window, outputs)
  var weights: [Float] { normalNumbers(shape.weightCount, stream: 2) }
  /// (rows, output image)
  var outputGradient: [Float] { normalNumbers(rows * shape.output.count, stream: 4) }

  /// The weights as the kernels want them.
  var placedWeights: [Float] {
    let (products, weights) = (products, weights)
    var placed = [Float](repeating: .nan, count: shape.weightCount)
    forEachWeight { placed[products.index(window: $0, output: $1)] = weights[$2] }
    return placed
  }

  /// What the kernels placed, as (window, outputs).
  func unplaced(_ placed: [Float]) -> [Float] {
    let products = products
    var weights = [Float](repeating: .nan, count: shape.weightCount)
    forEachWeight { weights[$2] = placed[products.index(window: $0, output: $1)] }
    return weights
  }

  /// Hands each weight's number in the window, output, and place in (window, outputs) to `body`.
  func forEachWeight(_ body: (Int, Int, Int) -> Void) {
    for window in 0..<shape.windowCount {
      for output in 0..<shape.output.channels { body(window, output, window * shape.output.channels + output) }
    }
  }

  // MARK: In Double

  /// (rows, output image)
  var expectedOutput: [Double] {
    sums(rows * shape.output.count, input, weights) { x, w, y in (of: (x, w), into: y) }
  }

  /// (rows, input image)
  var expectedInputGradient: [Double] {
    sums(rows * shape.input.count, outputGradient, weights) { x, w, y in (of: (y, w), into: x) }
  }

  /// (window, outputs)
  var expectedWeightGradient: [Double] {
    sums(shape.weightCount, input, outputGradient) { x, w, y in (of: (x, y), into: w) }
  }

  /// Adds up a · b over all triples of an input number, a weight and an output number that the convolution brings
  /// together; `places` tells which two are multiplied and which one takes the sum.
  private func sums(
    _ count: Int, _ a: [Float], _ b: [Float],
    _ places: (_ x: Int, _ w: Int, _ y: Int) -> (of: (Int, Int), into: Int)
  ) -> [Double] {
    let (input, output, kernel) = (shape.input, shape.output, shape.kernel)
    var sums = [Double](repeating: 0, count: count)
    for pixel in 0..<(rows * output.pixels) {
      let (row, place) = pixel.quotientAndRemainder(dividingBy: output.pixels)
      for tap in 0..<(kernel * kernel) {
        let y = place / output.width * shape.stride + tap / kernel - shape.padding
        let x = place % output.width * shape.stride + tap % kernel - shape.padding
        guard (0..<input.height).contains(y), (0..<input.width).contains(x) else { continue }
        for channel in 0..<input.channels {
          let from = row * input.count + (y * input.width + x) * input.channels + channel
          for out in 0..<output.channels {
            let weight = (tap * input.channels + channel) * output.channels + out
            let (factors, sum) = places(from, weight, pixel * output.channels + out)
            sums[sum] += Double(a[factors.0]) * Double(b[factors.1])
          }
        }
      }
    }
    return sums
  }
}
