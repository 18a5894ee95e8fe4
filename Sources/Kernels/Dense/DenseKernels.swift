/// The three products of a dense layer with weights W (in, out).
///
/// An implementation may have scratch memory inside, for one caller at a time, made before the first call.
protocol DenseKernels: Sendable {
  typealias Numbers = UnsafeMutablePointer<Float>

  /// Where in memory the weight from `input` to `output` is.
  func index(input: Int, output: Int) -> Int

  /// output (rows, out) ← input (rows, in) · W + bias (out); without a bias, output ← output + input · W. It may ask for rows
  /// to come.
  func forward(weights: Numbers, bias: Numbers?, input: Matrix, output: Matrix)

  /// inputGradient (rows, in) ← outputGradient (rows, out) · Wᵀ.
  func inputGradient(weights: Numbers, outputGradient: Matrix, inputGradient: Matrix)

  /// inputᵀ · outputGradient, handed to `target`. It may ask for rows to come.
  func weightGradient(input: Matrix, outputGradient: Matrix, target: GradientTarget, upcoming: UpcomingRows?)
}
