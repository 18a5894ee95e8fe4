import Kernels

/// The averaged gradient takes the place of the worker's own: x_i ← x_i − γ ḡ.
public struct AveragedGradient: Update {
  public init() {}

  public var moment: Moment { .onGradient }
  public var momentum: MomentumPolicy { .local }

  public func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) { average.assignGradients() }
}
