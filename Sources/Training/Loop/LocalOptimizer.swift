import Averaging
import Kernels

/// The step a worker takes by itself: SGD, with momentum or without, as torch.optim.SGD does it.
public struct LocalOptimizer: Equatable, BitwiseCopyable, Sendable {
  /// γ.
  public var learningRate: Double
  /// β; zero is plain SGD.
  public var momentum: Double
  /// λ: λx is added to the gradient of every parameter.
  public var weightDecay: Double

  public init(learningRate: Double, momentum: Double = 0, weightDecay: Double = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  var arithmetic: SGDStep {
    SGDStep(learningRate: Float(learningRate), momentum: Float(momentum), weightDecay: Float(weightDecay))
  }

  /// u ← β u + g + λ x; x ← x − γ u, where without momentum u is the gradient itself.
  /// - Returns: ‖g + λx‖² of plain SGD, 0 with momentum.
  func step(_ worker: WorkerState) -> Double {
    guard let momentumBuffer = worker.momentum else {
      return worker.parameters.descend(arithmetic, gradient: worker.gradient)
    }
    worker.parameters.descend(arithmetic, gradient: worker.gradient, momentumBuffer: momentumBuffer)
    return 0
  }
}
