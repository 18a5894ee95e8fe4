import Kernels

/// Equation 2 of the paper: the average of the models from *before* the step takes the place of the worker's, and its own
/// gradient, taken at its own model, is applied to that: x_i ← x̄ − γ g_i. Neither needs the other, so the averaging runs
/// while the gradient is computed or, with the same result, after it. Other optimisers likewise: what they would add to
/// x_i is added to x̄.
public struct AverageThenStep: Update {
  public let momentum: MomentumPolicy
  public let overlaps: Bool

  public init(momentum: MomentumPolicy, overlapped: Bool) {
    self.momentum = momentum
    overlaps = overlapped
  }

  public var moment: Moment { .beforeStep }

  public func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    average.assign(momentum, andStep: step)
  }
}
