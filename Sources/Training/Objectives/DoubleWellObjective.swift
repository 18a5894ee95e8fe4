import Kernels

/// A small non-convex problem: f_i(x) = (1/d) Σ_j (x_j² − 1)² / 4, the same for all workers, with normal noise in the
/// gradients. Every sign pattern is a minimum, and the mean of two different ones is none.
public struct DoubleWellProblem: Equatable, Sendable {
  public var dimension = 20
  /// σ.
  public var noise = 1.0

  public init() {}
}

/// One worker's part of a `DoubleWellProblem`. The origin, where it starts, is a maximum: it is the noise that chooses.
public final class DoubleWellObjective: FormulaObjective {
  public let constants = ObjectiveConstants(optimum: 0, hasClasses: false)
  public var noise: GradientNoise

  public init(_ problem: DoubleWellProblem, worker: Int, seed: UInt64) {
    noise = GradientNoise(deviation: problem.noise, dimension: problem.dimension, seed: seed, worker: worker)
  }

  public func derivative(at x: ParameterVector, _ j: Int) -> Float {
    let value = x.pointer[j]
    return (value * value - 1) * value / Float(parameterCount)
  }

  public func value(at x: ParameterVector) -> Double {
    (0..<parameterCount).reduce(0) { sum, j in
      let height = Double(x.pointer[j]) * Double(x.pointer[j]) - 1
      return sum + height * height / 4 / Double(parameterCount)
    }
  }
}
