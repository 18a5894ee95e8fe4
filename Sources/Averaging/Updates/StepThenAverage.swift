import Kernels

/// The workers step first, and the average of what they reach takes its place: x_i ← mean of x_j − γ g_j.
public struct StepThenAverage: Update {
  public let momentum: MomentumPolicy

  public init(momentum: MomentumPolicy) { self.momentum = momentum }

  public func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) { average.assign(momentum) }
}
