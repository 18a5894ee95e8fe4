import Kernels
import Models

extension Network {
  /// The gradient of the mean loss.
  func gradient(_ parameters: ParameterVector, _ batch: Batch, smoothing: Float = 0) throws -> ParameterVector {
    let gradient = ParameterVector(count: parameterCount)
    // Storing must not depend on what was there.
    gradient.elements.update(repeating: .nan)
    let target = GradientTarget(gradient: gradient.pointer, accumulating: false)
    try pass(parameters, batch, smoothing: smoothing, to: target)
    return gradient
  }

  /// Forward and backward on some rows of the batch, all unless given, each sample weighted as one of the whole.
  func pass(
    _ parameters: ParameterVector, _ batch: Batch, rows: Range<Int>? = nil, smoothing: Float = 0,
    to target: GradientTarget
  ) throws {
    let rows = rows ?? batch.labels.indices
    let (input, scale) = (batch.input(rows), 1 / Float(batch.labels.count))
    _ = try forward(parameters, input, labels: Array(batch.labels[rows]), scale: scale, smoothing: smoothing)
    try backward(parameters, input, target: target)
  }
}
