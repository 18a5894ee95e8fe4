/// The three products of a convolution, by the kernels that are chosen when it is made.
public struct ConvolutionProducts: Sendable {
  public enum Kernels: String, CaseIterable, Sendable {
    /// OpenBLAS, over windows copied side by side: any shape, any processor.
    case blas
    /// Sums over windows in registers: any shape; fast where vectors are at least 256 bits wide.
    case direct
    /// Winograd's F(4x4, 3x3) and F(2x2, 5x5): 3x3 with padding 1 or 5x5 with padding 2, stride 1, channels in multiples of 16.
    case winograd
  }

  public let shape: ConvolutionShape
  public let kernels: Kernels
  private let implementation: any ConvolutionKernels

  /// - Parameter kernels: those that are measured to be fastest for the shape and this build unless given; where
  ///   Winograd's cannot do the shape, direct ones.
  public init(_ shape: ConvolutionShape, kernels: Kernels? = nil) {
    self.shape = shape
    switch kernels ?? (VectorUnit.suitsTiles ? .winograd : .blas) {
    case .winograd where WinogradConvolution.supports(shape):
      self.kernels = .winograd
      implementation = WinogradConvolution(shape)
    case .winograd, .direct:
      self.kernels = .direct
      implementation = ThreeTapConvolution.supports(shape) ? ThreeTapConvolution(shape) : DirectConvolution(shape)
    case .blas:
      self.kernels = .blas
      implementation = ProductConvolution(shape)
    }
  }

  /// Where in memory the weight from a number of the window (row, column, channel) to an output channel is.
  public func index(window: Int, output: Int) -> Int { implementation.index(window: window, output: output) }

  /// output (rows, output image) ← input (rows, input image) ∗ weights.
  public func forward(weights: UnsafeMutablePointer<Float>, input: Matrix, output: Matrix) {
    forward(weights: weights) { $0(input, output) }
  }

  /// inputGradient (rows, input image) ← the adjoint of `forward` applied to outputGradient (rows, output image).
  public func inputGradient(weights: UnsafeMutablePointer<Float>, outputGradient: Matrix, inputGradient: Matrix) {
    implementation.prepareInputGradient(weights)
    implementation.inputGradient(weights, outputGradient: outputGradient, inputGradient: inputGradient)
  }

  /// ∂loss/∂weights, handed to `target`.
  public func weightGradient(input: Matrix, outputGradient: Matrix, target: GradientTarget) {
    target.takeSum(count: shape.weightCount) { gradient in
      implementation.prepareWeightGradient()
      implementation.addWeightGradient(input: input, outputGradient: outputGradient, to: gradient)
      implementation.finishWeightGradient(to: gradient)
    }
  }

  // MARK: Batches in pieces

  /// Computes output (rows, output image) ← input (rows, input image) ∗ weights, for the pieces that `body` passes on.
  public func forward(
    weights: UnsafeMutablePointer<Float>, _ body: ((_ input: Matrix, _ output: Matrix) -> Void) -> Void
  ) {
    implementation.prepareForward(weights)
    body { input, output in
      precondition(input.columns == shape.input.count && output.columns == shape.output.count)
      implementation.forward(weights, input: input, output: output)
    }
  }

  /// Both gradients, for the pieces of a batch that `body` passes on: each piece's inputGradient, where it wants one, and
  /// at the end the sum ∂loss/∂weights, handed to `target`.
  public func backward(
    weights: UnsafeMutablePointer<Float>, target: GradientTarget, wantsInputGradient: Bool,
    _ body: ((_ input: Matrix, _ outputGradient: Matrix, _ inputGradient: Matrix?) -> Void) -> Void
  ) {
    if wantsInputGradient { implementation.prepareInputGradient(weights) }
    target.takeSum(count: shape.weightCount) { gradient in
      implementation.prepareWeightGradient()
      body { input, outputGradient, inputGradient in
        if let inputGradient {
          implementation.inputGradient(weights, outputGradient: outputGradient, inputGradient: inputGradient)
        }
        implementation.addWeightGradient(input: input, outputGradient: outputGradient, to: gradient)
      }
      implementation.finishWeightGradient(to: gradient)
    }
  }
}
