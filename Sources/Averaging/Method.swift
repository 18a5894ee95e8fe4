/// A method of parallel SGD as a product of three choices: when the workers exchange something, what travels, and how
/// the result is applied. A new method is a new value of one of them.
public struct Method: Equatable, Sendable {
  public var schedule: Schedule
  public var exchange: Exchange
  public var update: Update

  public init(schedule: Schedule, exchange: Exchange, update: Update) {
    self.schedule = schedule
    self.exchange = exchange
    self.update = update
  }
}

/// What travels, and with whom.
public enum Exchange: Equatable, Sendable {
  /// The gradients of a step, averaged over all workers.
  case gradients
  /// The models, averaged over all workers by `weights`; with the momentum buffers or without.
  case models(momentum: Bool, weights: AveragingWeights = .equal)

  var weights: AveragingWeights { if case .models(_, let weights) = self { weights } else { .equal } }
  var carriesMomentum: Bool { if case .models(let momentum, _) = self { momentum } else { false } }
}

/// How much each worker's model counts in an average.
public enum AveragingWeights: String, CaseIterable, Sendable {
  /// 1/N.
  case equal
  /// The worker's steps in the round over all workers' steps.
  case steps
  /// The worker's samples over all samples (McMahan et al. 2017).
  case samples
  /// Each worker's progress per step, by samples, times the mean number of steps: x̄ = x₀ + τ Σ p_i (x_i − x₀)/τ_i with
  /// τ = Σ p_i τ_i. Workers that take more steps do not pull the result towards their own optimum (FedNova; Wang, Liu,
  /// Liang, Joshi, Poor 2020).
  case normalized
}

/// How the result of an exchange is applied.
public enum Update: Equatable, Sendable {
  /// The averaged gradient takes the place of the worker's own: x_i ← x_i − γ ḡ.
  case averagedGradient
  /// Equation 2 of the paper: the average of the models from *before* the step takes the place of the worker's, and
  /// its own gradient, taken at its own model, is applied to that: x_i ← x̄ − γ g_i. Neither needs the other, so the
  /// averaging runs while the gradient is computed (`overlapped`) or, with the same result, after it.
  case averageThenStep(overlapped: Bool, resetMomentum: Bool)
  /// The workers step first, and the average of what they reach takes its place: x_i ← mean of x_j − γ g_j.
  case stepThenAverage(resetMomentum: Bool)
}

/// What happens to the momentum buffers when models are averaged.
public enum MomentumPolicy: String, CaseIterable, Sendable {
  /// They are averaged like the models, at the same moment (Yu, Jin, Yang, ICML 2019).
  case average
  /// Each worker keeps its own.
  case local
  /// They start again from zero.
  case reset
}

extension Method {
  /// Parallel mini-batch SGD (Dekel, Gilad-Bachrach, Shamir, Xiao 2012): the gradient is averaged at every step.
  public static let parallelSGD = Method(
    schedule: .every(interval: 1), exchange: .gradients, update: .averagedGradient)

  /// Parallel restarted SGD, Algorithm 1 (Yu, Yang, Zhu 2019), in the printed order: equations 2 and 3.
  public static func averageFirst(
    interval: Int, momentum: MomentumPolicy?, overlapped: Bool, weights: AveragingWeights = .equal
  ) -> Method {
    Method(
      schedule: .every(interval: interval), exchange: .models(momentum: momentum == .average, weights: weights),
      update: .averageThenStep(overlapped: overlapped, resetMomentum: momentum == .reset))
  }

  /// Parallel restarted SGD in the order in which a round ends with its average: `stepFirst` of Algorithm 1, and
  /// Algorithms 2 and 3 by their schedules.
  public static func stepFirst(
    _ schedule: Schedule, momentum: MomentumPolicy?, weights: AveragingWeights = .equal
  ) -> Method {
    Method(
      schedule: schedule, exchange: .models(momentum: momentum == .average, weights: weights),
      update: .stepThenAverage(resetMomentum: momentum == .reset))
  }

  /// `stepFirst` with one interval for all.
  public static func stepFirst(interval: Int, momentum: MomentumPolicy?) -> Method {
    stepFirst(.every(interval: interval), momentum: momentum)
  }
}
