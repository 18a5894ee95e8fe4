import Kernels

/// A classifier of rows: a network with softmax cross-entropy at its end, one target a row.
extension Network {
  /// Loss and number of correct predictions on a batch.
  public func evaluate(_ parameters: ParameterVector, _ input: Matrix, labels: UnsafePointer<Int32>) throws
    -> BatchScore
  {
    softmaxCrossEntropy(try predict(parameters, input), labels: labels, gradient: nil, scale: 1)
  }

  /// The forward pass of a training step, after which `backward` hands on ∂(scale · Σ loss)/∂parameters.
  /// - Parameters:
  ///   - labels: a class for each row of `input`.
  ///   - scale: the weight of each row's loss in the objective: 1 / rows for a mean.
  ///   - smoothing: ε of the labels.
  public func forward(
    _ parameters: ParameterVector, _ input: Matrix, labels: UnsafePointer<Int32>, scale: Float, smoothing: Float = 0,
    poll: Poll = {}
  ) throws -> BatchScore {
    let outputs = try predict(parameters, input, mode: .training, poll: poll)
    return softmaxCrossEntropy(
      outputs, labels: labels, gradient: lossGradient(rows: input.rows), scale: scale, smoothing: smoothing)
  }
}
