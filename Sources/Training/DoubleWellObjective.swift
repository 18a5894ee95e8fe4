import Kernels
import Models
import Records

/// A small non-convex problem: f_i(x) = (1/d) Σ_j (x_j² − 1)² / 4, the same for all workers, with normal noise in the
/// gradients. Every sign pattern is a minimum, and the mean of two different ones is none.
public struct DoubleWellProblem: Equatable, Sendable {
  public var dimension = 20
  /// σ.
  public var noise = 1.0

  public init() {}
}

/// One worker's part of a `DoubleWellProblem`; one sample is one gradient.
public final class DoubleWellObjective: Objective {
  private let dimension: Int
  private var noise: GradientNoise

  public init(_ problem: DoubleWellProblem, worker: Int, seed: UInt64) {
    dimension = problem.dimension
    noise = GradientNoise(deviation: problem.noise, dimension: problem.dimension, seed: seed, worker: worker)
  }

  public var parameterCount: Int { dimension }
  public var batchSize: Int { 1 }
  public var sampleCount: Int { 1 }
  public var canStepAtOnce: Bool { false }
  public var constants: ObjectiveConstants { ObjectiveConstants(optimum: 0, hasClasses: false) }

  /// At the origin, a maximum: it is the noise that chooses.
  public func initialize(_ parameters: ParameterVector, seed: UInt64) { parameters.setToZero() }

  public func draw() { noise.draw() }

  public func gradient(
    at x: ParameterVector, into target: GradientTarget, timer: PhaseTimer, poll: Network.Poll
  ) throws -> BatchScore {
    timer.enter(.backward)
    target.storeEach(count: dimension) { trueGradient(x, $0) + noise[$0] }
    return score(x)
  }

  public func score(_ part: EvaluatedPart, at x: ParameterVector) throws -> PartialScore {
    part == .training ? PartialScore(loss: score(x).loss, samples: 1) : PartialScore()
  }

  public func fullGradient(at x: ParameterVector, into gradient: ParameterVector) throws {
    for j in 0..<dimension { gradient.pointer[j] = trueGradient(x, j) }
  }

  private func trueGradient(_ x: ParameterVector, _ j: Int) -> Float {
    let value = x.pointer[j]
    return (value * value - 1) * value / Float(dimension)
  }

  private func score(_ x: ParameterVector) -> BatchScore {
    var score = BatchScore()
    for j in 0..<dimension {
      let height = Double(x.pointer[j]) * Double(x.pointer[j]) - 1
      score.loss += height * height / 4 / Double(dimension)
    }
    return score
  }
}
