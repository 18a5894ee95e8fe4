import Averaging
import Kernels

/// The step a worker takes by itself: SGD, with momentum or without, as torch.optim.SGD does it, or AdamW as
/// torch.optim.AdamW does.
public struct LocalOptimizer: Equatable, BitwiseCopyable, Sendable {
  public enum Rule: Equatable, BitwiseCopyable, Sendable {
    /// u ← β u + g + λ x; x ← x − γ u, where without momentum u is the gradient itself.
    case sgd
    /// G = g + λ x; u ← β u + G; x ← x − γ (G + β u).
    case nesterov
    /// m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; x ← x − γ λ x − γ m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and
    /// v̂ = v / (1 − β₂ᵗ).
    case adamW(beta1: Double, beta2: Double, epsilon: Double)
  }

  public var rule: Rule
  /// γ.
  public var learningRate: Double
  /// β of SGD; zero is plain SGD.
  public var momentum: Double
  /// λ: λx is added to the gradient of every parameter; AdamW takes γλx off the parameter.
  public var weightDecay: Double

  /// SGD.
  public init(learningRate: Double, momentum: Double = 0, weightDecay: Double = 0, isNesterov: Bool = false) {
    rule = isNesterov ? .nesterov : .sgd
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  /// AdamW.
  public static func adamW(
    learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) -> LocalOptimizer {
    var optimizer = LocalOptimizer(learningRate: learningRate, weightDecay: weightDecay)
    optimizer.rule = .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon)
    return optimizer
  }

  /// Vectors that it keeps from step to step: 1 with momentum, 2 of AdamW, 0 of plain SGD.
  public var moments: Int {
    switch rule {
    case .sgd: momentum == 0 ? 0 : 1
    case .nesterov: 1
    case .adamW: 2
    }
  }

  /// λ of the objective's term λ/2 ‖x‖², whose gradient goes through the moments. AdamW's decay is not a gradient.
  public var objectiveDecay: Double { if case .adamW = rule { 0 } else { weightDecay } }

  /// - Parameter step: t of AdamW: steps since the moments were zero, this one included.
  func arithmetic(step: Int) -> LocalStep {
    let (rate, momentum, decay) = (Float(learningRate), Float(momentum), Float(weightDecay))
    return switch rule {
    case .sgd: LocalStep(learningRate: rate, momentum: momentum, weightDecay: decay)
    case .nesterov: .nesterov(learningRate: rate, momentum: momentum, weightDecay: decay)
    case .adamW(let beta1, let beta2, let epsilon):
      .adamW(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, step: step)
    }
  }
}
