/// The three products of a convolution without bias, over images in rows.
///
/// A pass in either direction prepares the weights once and then takes the batch in any number of pieces. An
/// implementation has scratch memory inside, for one caller at a time, made before the first call.
protocol ConvolutionKernels: Sendable {
  typealias Weights = UnsafeMutablePointer<Float>

  init(_ shape: ConvolutionShape)

  /// Where the weight from a number of the window to an output channel is.
  func index(window: Int, output: Int) -> Int

  func prepareForward(_ weights: Weights)

  /// output (rows, output image) ← input (rows, input image) ∗ weights.
  func forward(_ weights: Weights, input: Matrix, output: Matrix)

  func prepareInputGradient(_ weights: Weights)

  /// inputGradient (rows, input image) ← the adjoint of `forward` applied to outputGradient (rows, output image).
  func inputGradient(_ weights: Weights, outputGradient: Matrix, inputGradient: Matrix)

  func prepareWeightGradient()

  /// Adds these images' part of ∂loss/∂weights to `gradient`, or keeps it for `finishWeightGradient`.
  func addWeightGradient(input: Matrix, outputGradient: Matrix, to gradient: Weights)

  /// Adds what was kept.
  func finishWeightGradient(to gradient: Weights)
}

extension ConvolutionKernels {
  /// Rows of outputs that one pass for the weights' gradient covers: their numbers, and those of their windows, stay in the
  /// first-level cache.
  static var blockRows: Int { 8 }

  func prepareForward(_ weights: Weights) {}
  func prepareInputGradient(_ weights: Weights) {}
  func prepareWeightGradient() {}
  func finishWeightGradient(to gradient: Weights) {}
}
