import Kernels

/// A layer's three products on random numbers, beside plain loops in Double.
///
/// The output is compared number by number. The gradients follow from it, for the products are adjoint: with y = w ∗ x,
/// ⟨y, dy⟩ = ⟨x, ∂⟨y, dy⟩/∂x⟩ = ⟨w, ∂⟨y, dy⟩/∂w⟩ for all x, w and dy.
struct ProductCheck {
  /// The worst of the output's relative distance, and of the gradients' from adjointness.
  let difference: Double

  /// A dense layer is the convolution of an image of one pixel by a window of one.
  init(_ products: DenseProducts, rows: Int) {
    let shape = ConvolutionShape(
      input: ImageShape(height: 1, width: 1, channels: products.inputCount), outputs: products.outputCount, kernel: 1,
      padding: 0)
    let bias = AlignedBuffer<Float>(count: products.outputCount)
    self.init(
      shape, rows: rows, index: { products.index(input: $0, output: $1) },
      forward: { products.forward(weights: $0, bias: bias.pointer, input: $1, output: $2) },
      inputGradient: { products.inputGradient(weights: $0, outputGradient: $1, inputGradient: $2) },
      weightGradient: { products.weightGradient(input: $0, outputGradient: $1, target: $2) })
  }

  init(_ products: ConvolutionProducts, rows: Int) {
    self.init(
      products.shape, rows: rows, index: { products.index(window: $0, output: $1) },
      forward: { products.forward(weights: $0, input: $1, output: $2) },
      inputGradient: { products.inputGradient(weights: $0, outputGradient: $1, inputGradient: $2) },
      weightGradient: { products.weightGradient(input: $0, outputGradient: $1, target: $2) })
  }

  private init(
    _ shape: ConvolutionShape, rows: Int, index: (_ window: Int, _ output: Int) -> Int,
    forward: (_ weights: UnsafeMutablePointer<Float>, _ input: Matrix, _ output: Matrix) -> Void,
    inputGradient: (_ weights: UnsafeMutablePointer<Float>, _ outputGradient: Matrix, _ inputGradient: Matrix) -> Void,
    weightGradient: (_ input: Matrix, _ outputGradient: Matrix, _ target: GradientTarget) -> Void
  ) {
    let input = Rows(rows, shape.input.count, randomStream: 1)
    let weights = Rows(1, shape.weightCount, randomStream: 2)
    let outputGradient = Rows(rows, shape.output.count, randomStream: 3)
    let output = Rows(rows, shape.output.count)
    let (inputResult, weightResult) = (Rows(rows, shape.input.count), Rows(1, shape.weightCount))
    forward(weights.matrix.pointer, input.matrix, output.matrix)
    inputGradient(weights.matrix.pointer, outputGradient.matrix, inputResult.matrix)
    weightGradient(
      input.matrix, outputGradient.matrix,
      GradientTarget(gradient: weightResult.matrix.pointer, accumulating: false))

    let expected = Self.convolution(shape, rows: rows, input.numbers, weights.numbers, index)
    let form = Self.product(outputGradient.numbers, expected)
    let size = (Self.product(expected, expected) * Self.product(outputGradient.numbers, outputGradient.numbers))
      .squareRoot()
    difference =
      [
        relativeDistance(output.numbers, expected),
        abs(Self.product(input.numbers, inputResult.numbers) - form) / size,
        abs(Self.product(weights.numbers, weightResult.numbers) - form) / size,
      ].worst
  }

  /// Σ over the window of input · weight, for every number of the output images.
  private static func convolution(
    _ shape: ConvolutionShape, rows: Int, _ numbers: [Double], _ weights: [Double],
    _ index: (_ window: Int, _ output: Int) -> Int
  ) -> [Double] {
    let (input, output, kernel) = (shape.input, shape.output, shape.kernel)
    let placed = (0..<shape.windowCount).map { window in
      (0..<output.channels).map { weights[index(window, $0)] }
    }
    var sums = [Double](repeating: 0, count: rows * output.count)
    for pixel in 0..<rows * output.pixels {
      let (row, place) = pixel.quotientAndRemainder(dividingBy: output.pixels)
      for tap in 0..<kernel * kernel {
        let y = place / output.width * shape.stride + tap / kernel - shape.padding
        let x = place % output.width * shape.stride + tap % kernel - shape.padding
        guard (0..<input.height).contains(y), (0..<input.width).contains(x) else { continue }
        let from = row * input.count + (y * input.width + x) * input.channels
        for channel in 0..<input.channels {
          let (number, factors) = (numbers[from + channel], placed[tap * input.channels + channel])
          for out in 0..<output.channels { sums[pixel * output.channels + out] += number * factors[out] }
        }
      }
    }
    return sums
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// Rows that lie in memory as a network's do, with room between them.
private struct Rows {
  let matrix: Matrix
  private let memory: AlignedBuffer<Float>

  /// - Parameter randomStream: nil: zeros.
  init(_ rows: Int, _ columns: Int, randomStream: Int? = nil) {
    let stride = rounded(columns, upTo: CacheLine.floats) + CacheLine.floats
    memory = AlignedBuffer(count: rows * stride)
    matrix = Matrix(memory.pointer, rows: rows, columns: columns, stride: stride)
    guard let randomStream else { return }
    var random = RandomSource(seed: 1, purpose: .benchmark, index: randomStream)
    for row in 0..<rows {
      for column in 0..<columns { matrix.row(row)[column] = Float(random.nextNormal()) }
    }
  }

  /// Row after row.
  var numbers: [Double] {
    (0..<matrix.rows).flatMap { row in (0..<matrix.columns).map { Double(matrix.row(row)[$0]) } }
  }
}
