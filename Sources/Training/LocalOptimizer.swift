import Averaging
import Kernels

/// The step a worker takes by itself: SGD, with momentum or without, as torch.optim.SGD does it.
public struct LocalOptimizer: Equatable, Sendable {
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

  /// g ← g + λx: fixes the gradient at the worker's own model, before an average takes that model's place.
  func addWeightDecay(_ worker: WorkerState) {
    if weightDecay != 0 { worker.gradient.add(Float(weightDecay), times: worker.parameters) }
  }

  /// The arithmetic of a step, with λ or, where `addWeightDecay` was called, without.
  func arithmetic(decaying: Bool) -> SGDStep {
    SGDStep(
      learningRate: Float(learningRate), momentum: Float(momentum), weightDecay: decaying ? Float(weightDecay) : 0)
  }

  /// u ← β u + g + λ x; x ← x − γ u, where without momentum u is the gradient itself.
  /// - Returns: ‖g + λx‖² of plain SGD, 0 with momentum.
  func step(_ worker: WorkerState, decaying: Bool) -> Double {
    let step = arithmetic(decaying: decaying)
    guard let momentumBuffer = worker.momentum else {
      return worker.parameters.descend(step, gradient: worker.gradient)
    }
    worker.parameters.descend(step, gradient: worker.gradient, momentumBuffer: momentumBuffer)
    return 0
  }
}
