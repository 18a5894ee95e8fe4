import Kernels
import Testing

/// A dense layer and a batch, with numbers for all of it, and the layer's three products found in Double.
struct DenseCase: CustomTestStringConvertible, Sendable {
  let kernels: DenseProducts.Kernels
  let inputCount: Int
  let outputCount: Int
  let rows: Int

  /// Few and many of each; panels that are full, narrow and single; whole and broken tiles, and blocks of inputs.
  static let all = DenseProducts.Kernels.allCases.flatMap { kernels in
    [
      (8, 1, 1), (8, 32, 32), (9, 33, 3), (37, 45, 5), (784, 10, 13), (64, 32, 8), (100, 70, 33), (17, 31, 40),
      (193, 64, 2), (400, 100, 65), (15, 2, 32), (16, 16, 17), (20, 1, 48), (37, 17, 33), (100, 42, 47), (200, 10, 32),
      (9, 10, 16), (67, 3, 6), (130, 16, 32), (64, 5, 1), (4, 5, 3), (5, 20, 19), (25, 12, 7),
      (72, 50, 10), (200, 64, 12),
    ].map { DenseCase(kernels: kernels, inputCount: $0, outputCount: $1, rows: $2) }
      // What they cannot do, another case has.
      .filter { $0.products.kernels == kernels }
  }

  /// Inputs, and outputs, of the tiles of `panels`.
  static let tile = VectorUnit.bits == 512 ? (inputs: 8, outputs: 32) : (inputs: 4, outputs: 16)

  var testDescription: String { "\(kernels) \(inputCount)→\(outputCount), \(rows) rows" }

  var products: DenseProducts { DenseProducts(inputCount: inputCount, outputCount: outputCount, kernels: kernels) }
  var weightCount: Int { inputCount * outputCount }

  /// (rows, in)
  var input: [Float] { normalNumbers(rows * inputCount, stream: 1) }
  /// (in, out)
  var weights: [Float] { normalNumbers(weightCount, stream: 2) }
  /// (out)
  var bias: [Float] { normalNumbers(outputCount, stream: 3) }
  /// (rows, out)
  var outputGradient: [Float] { normalNumbers(rows * outputCount, stream: 4) }

  /// The weights as the kernels want them.
  var placedWeights: [Float] {
    let (products, weights) = (products, weights)
    var placed = [Float](repeating: .nan, count: weightCount)
    forEachWeight { placed[products.index(input: $0, output: $1)] = weights[$2] }
    return placed
  }

  /// What the kernels placed, as (in, out), and what follows the weights as it is.
  func unplaced(_ placed: [Float]) -> [Float] {
    let products = products
    var weights = [Float](repeating: .nan, count: weightCount)
    forEachWeight { weights[$2] = placed[products.index(input: $0, output: $1)] }
    return weights + placed[weightCount...]
  }

  /// Hands each weight's input, output, and place in (in, out) to `body`.
  func forEachWeight(_ body: (Int, Int, Int) -> Void) {
    for input in 0..<inputCount {
      for output in 0..<outputCount { body(input, output, input * outputCount + output) }
    }
  }

  // MARK: In Double

  /// (rows, out)
  var expectedOutput: [Double] {
    let (x, w, b) = (input, weights, bias)
    var y = (0..<rows).flatMap { _ in b.map(Double.init) }
    forEachProduct { row, input, output in
      y[row * outputCount + output] += Double(x[row * inputCount + input]) * Double(w[input * outputCount + output])
    }
    return y
  }

  /// (rows, in)
  var expectedInputGradient: [Double] {
    let (dy, w) = (outputGradient, weights)
    var dx = [Double](repeating: 0, count: rows * inputCount)
    forEachProduct { row, input, output in
      dx[row * inputCount + input] += Double(dy[row * outputCount + output]) * Double(w[input * outputCount + output])
    }
    return dx
  }

  /// (in, out)
  var expectedWeightGradient: [Double] {
    let (x, dy) = (input, outputGradient)
    var dw = [Double](repeating: 0, count: weightCount)
    forEachProduct { row, input, output in
      dw[input * outputCount + output] += Double(x[row * inputCount + input]) * Double(dy[row * outputCount + output])
    }
    return dw
  }

  /// (out)
  var expectedBiasGradient: [Double] {
    let dy = outputGradient
    return (0..<outputCount).map { output in
      (0..<rows).reduce(0) { $0 + Double(dy[$1 * outputCount + output]) }
    }
  }

  private func forEachProduct(_ body: (_ row: Int, _ input: Int, _ output: Int) -> Void) {
    for row in 0..<rows { forEachWeight { input, output, _ in body(row, input, output) } }
  }
}
