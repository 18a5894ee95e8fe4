/// One step that a worker takes by itself: which optimiser, and its numbers. Every form of the update, over whole vectors,
/// from an average or inside a kernel, goes through one arithmetic and so gives the same bits.
public struct LocalStep: Sendable {
  enum Rule {
    case sgd(SGDArithmetic)
    case nesterov(SGDArithmetic)
    case adam(AdamArithmetic)
  }

  let rule: Rule

  /// SGD; of momentum where there is a buffer.
  public init(learningRate: Float, momentum: Float, weightDecay: Float) {
    rule = .sgd(SGDArithmetic(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay))
  }

  private init(_ rule: Rule) { self.rule = rule }

  /// SGD with Nesterov's momentum.
  public static func nesterov(learningRate: Float, momentum: Float, weightDecay: Float) -> LocalStep {
    LocalStep(
      .nesterov(SGDArithmetic(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay)))
  }

  /// The same step, of which only those numbers of the flat vector decay where the mask is 1, and not those where it is 0;
  /// of Adam alone. The mask must outlive it.
  public func decaying(_ mask: ParameterVector) -> LocalStep {
    guard case .adam(let step) = rule else { preconditionFailure("only Adam's decay is apart from the gradient") }
    return LocalStep(.adam(step.decaying(mask.pointer)))
  }

  /// Adam with decoupled weight decay.
  /// - Parameters:
  ///   - epsilon: at least the smallest normal number of single precision.
  ///   - step: t, from 1 on: steps since the moments were zero, this one included.
  public static func adamW(
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, step: Int
  ) -> LocalStep {
    LocalStep(
      .adam(
        AdamArithmetic(
          learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
          step: step)))
  }
}
