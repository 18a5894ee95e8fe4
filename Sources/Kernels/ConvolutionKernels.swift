/// The three products of a convolution without bias, each over a batch of images in rows.
///
/// An implementation has scratch memory inside, for one caller at a time, made before the first call.
protocol ConvolutionKernels: Sendable {
  init(_ shape: ConvolutionShape)

  /// Where the weight from a number of the window to an output channel is.
  func index(window: Int, output: Int) -> Int

  /// output (rows, output image) ← input (rows, input image) ∗ weights.
  func forward(weights: UnsafePointer<Float>, input: Matrix, output: Matrix)

  /// inputGradient (rows, input image) ← the adjoint of `forward` applied to outputGradient (rows, output image).
  func inputGradient(weights: UnsafePointer<Float>, outputGradient: Matrix, inputGradient: Matrix)

  /// gradient (weights) ← gradient + ∂loss/∂weights.
  func addWeightGradient(input: Matrix, outputGradient: Matrix, to gradient: UnsafeMutablePointer<Float>)
}
