/// How much each worker's model counts in an average. A worker without steps in the round counts nothing.
public enum AveragingWeights: String, CaseIterable, Sendable {
  /// 1/N.
  case equal
  /// The worker's steps in the round over all workers' steps.
  case steps
  /// The worker's samples over all samples (McMahan et al. 2017).
  case samples
  /// Each worker's progress per step, by samples, times the mean number of steps: x̄ = x₀ + τ Σ p_i (x_i − x₀)/τ_i with
  /// τ = Σ p_i τ_i, p_i its share of the samples of those that took steps. Workers that take more steps do not pull the
  /// result towards their own optimum (FedNova; Wang, Liu, Liang, Joshi, Poor 2020).
  case normalized

  /// What a worker's momentum is multiplied by before it goes into the sum.
  func factor(of worker: RoundReport) -> Float {
    guard worker.takesPart else { return 0 }
    return switch self {
    case .equal: 1
    case .steps: Float(worker.steps)
    case .samples, .normalized: Float(worker.sampleShare)
    }
  }

  /// The same of its model, or of the model's way from x₀.
  func modelFactor(of worker: RoundReport) -> Float {
    self == .normalized && worker.takesPart ? factor(of: worker) / Float(worker.steps) : factor(of: worker)
  }

  /// What the sum of weighted models, or of their ways, is multiplied by.
  func meanFactor(_ all: RoundReports) -> Float {
    switch self {
    case .equal: 1 / Float(all.participants)
    case .steps: 1 / Float(all.steps)
    case .samples, .normalized: 1 / Float(all.participatingShare)
    }
  }
}
