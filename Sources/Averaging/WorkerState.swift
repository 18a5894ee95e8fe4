import Kernels

/// Everything of a worker that its steps change and an averaging may touch: one allocation, so that model and momentum
/// travel in one message.
public final class WorkerState {
  /// x_i, *m* numbers.
  public let parameters: ParameterVector
  /// u_i, *m* numbers; none without momentum.
  public let momentum: ParameterVector?
  /// g_i of the current step.
  public let gradient: ParameterVector

  let storage: AlignedBuffer<Float>

  public init(parameterCount: Int, hasMomentum: Bool) {
    let padded = ParameterVector.paddedCount(parameterCount)
    storage = AlignedBuffer(count: hasMomentum ? 2 * padded : padded)
    parameters = ParameterVector(storage, count: parameterCount)
    momentum = hasMomentum ? ParameterVector(storage, offset: padded, count: parameterCount) : nil
    gradient = ParameterVector(count: parameterCount)
  }
}
