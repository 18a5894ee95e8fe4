/// The three products of a dense layer, y = x W + b, by BLAS or by SIMD kernels of our own.
public struct DenseProducts: Sendable {
  public enum Kernels: String, CaseIterable, Sendable {
    /// OpenBLAS: good for every shape on every processor.
    case blas
    /// `DensePanels`: faster where vectors are 512 bits wide, and the update of the weights costs no pass of its own.
    case panels
  }

  public let inputCount: Int
  public let outputCount: Int
  public let kernels: Kernels
  private let panels: DensePanels?

  /// - Parameter kernels: those that suit the shape and this build unless given.
  public init(inputCount: Int, outputCount: Int, kernels: Kernels? = nil) {
    self.inputCount = inputCount
    self.outputCount = outputCount
    let kernels = kernels ?? Self.best(inputCount: inputCount)
    self.kernels = kernels
    panels = kernels == .panels ? DensePanels(inputCount: inputCount, outputCount: outputCount) : nil
  }

  /// A tile wants its rows of inputs.
  private static func best(inputCount: Int) -> Kernels {
    VectorUnit.bits == 512 && inputCount >= Tile.rows ? .panels : .blas
  }

  /// Where in memory the weight from `input` to `output` is; BLAS has W in rows, (in, out).
  public func index(input: Int, output: Int) -> Int {
    panels?.index(input: input, output: output) ?? input * outputCount + output
  }

  private func matrix(_ numbers: UnsafeMutablePointer<Float>) -> Matrix {
    Matrix(numbers, rows: inputCount, columns: outputCount)
  }

  /// output (rows, out) ← input (rows, in) · W + bias (out).
  public func forward(
    weights: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>, input: Matrix, output: Matrix,
    upcoming: UpcomingRows? = nil
  ) {
    if let panels {
      panels.forward(weights: weights, bias: bias, input: input, output: output, upcoming: upcoming)
    } else {
      output.multiply(input, matrix(weights))
      output.addToRows(bias)
    }
  }

  /// inputGradient (rows, in) ← outputGradient (rows, out) · Wᵀ.
  public func inputGradient(weights: UnsafeMutablePointer<Float>, outputGradient: Matrix, inputGradient: Matrix) {
    if let panels {
      panels.inputGradient(weights: weights, outputGradient: outputGradient, inputGradient: inputGradient)
    } else {
      inputGradient.multiply(outputGradient, matrix(weights).transposed)
    }
  }

  /// inputᵀ · outputGradient, handed to `target`.
  public func weightGradient(input: Matrix, outputGradient: Matrix, target: GradientTarget) {
    if let panels {
      panels.weightGradient(input: input, outputGradient: outputGradient, target: target)
    } else {
      matrix(target.gradient).multiply(input.transposed, outputGradient, accumulating: target.isAccumulating)
      target.takeStored(count: inputCount * outputCount)
    }
  }
}
