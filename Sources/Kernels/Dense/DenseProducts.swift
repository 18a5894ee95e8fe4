/// The three products of a dense layer, y = x W + b, by the kernels that are chosen when it is made.
public struct DenseProducts: Sendable {
  public enum Kernels: String, CaseIterable, Sendable {
    /// OpenBLAS: good for every shape on every processor.
    case blas
    /// `DensePanels`: faster where vectors are at least 256 bits wide, and the update of the weights costs no pass of its own.
    case panels
    /// `DenseDots`: the same for few outputs.
    case dots
  }

  public let inputCount: Int
  public let outputCount: Int
  public let kernels: Kernels
  private let implementation: any DenseKernels

  /// - Parameter kernels: those that are measured to be fastest for the shape and this build unless given; a shape that they
  ///   cannot do is left to BLAS.
  public init(inputCount: Int, outputCount: Int, kernels: Kernels? = nil) {
    self.inputCount = inputCount
    self.outputCount = outputCount
    switch kernels ?? Self.best(outputCount: outputCount) {
    case .dots where inputCount >= DenseDots.width:
      self.kernels = .dots
      implementation = DenseDots(inputCount: inputCount, outputCount: outputCount)
    // Too few inputs for the best are no reason for BLAS yet.
    case .panels where inputCount >= DensePanels.fewestInputs,
      .dots where kernels == nil && inputCount >= DensePanels.fewestInputs:
      self.kernels = .panels
      implementation = DensePanels(inputCount: inputCount, outputCount: outputCount)
    case .blas, .panels, .dots:
      self.kernels = .blas
      implementation = DenseBLAS(inputCount: inputCount, outputCount: outputCount)
    }
  }

  private static func best(outputCount: Int) -> Kernels {
    if !VectorUnit.suitsTiles { return .blas }
    return outputCount <= DenseDots.fewOutputs ? .dots : .panels
  }

  /// Whether inputs may be scattered rows.
  public var takesScatteredRows: Bool { kernels == .dots }

  /// Where in memory the weight from `input` to `output` is.
  public func index(input: Int, output: Int) -> Int { implementation.index(input: input, output: output) }

  /// output (rows, out) ← input (rows, in) · W + bias (out); without a bias, output ← output + input · W.
  public func forward(
    weights: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>?, input: Matrix, output: Matrix
  ) {
    precondition(input.columns == inputCount && output.columns == outputCount)
    precondition(!input.isScattered || takesScatteredRows)
    implementation.forward(weights: weights, bias: bias, input: input, output: output)
  }

  /// inputGradient (rows, in) ← outputGradient (rows, out) · Wᵀ.
  public func inputGradient(weights: UnsafeMutablePointer<Float>, outputGradient: Matrix, inputGradient: Matrix) {
    precondition(inputGradient.columns == inputCount && outputGradient.columns == outputCount)
    implementation.inputGradient(weights: weights, outputGradient: outputGradient, inputGradient: inputGradient)
  }

  /// inputᵀ · outputGradient, handed to `target`.
  /// - Parameter upcoming: rows of the next input, which kernels may ask for meanwhile.
  public func weightGradient(
    input: Matrix, outputGradient: Matrix, target: GradientTarget, upcoming: UpcomingRows? = nil
  ) {
    precondition(input.columns == inputCount && outputGradient.columns == outputCount)
    precondition(!input.isScattered || takesScatteredRows)
    implementation.weightGradient(
      input: input, outputGradient: outputGradient, target: target, upcoming: upcoming)
  }
}
