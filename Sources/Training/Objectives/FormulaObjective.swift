import Datasets
import Kernels
import Models
import Persistence
import Records

/// An objective given by a formula for its value and its derivatives, with normal noise in its stochastic gradients: one
/// sample is one gradient, there is nothing to test on, and every worker starts at the origin.
public protocol FormulaObjective: Objective {
  var noise: GradientNoise { get set }

  /// f_i(x).
  func value(at x: ParameterVector) -> Double
  /// ∂f_i/∂x_j.
  func derivative(at x: ParameterVector, _ j: Int) -> Float
}

extension FormulaObjective {
  public var parameterCount: Int { noise.dimension }
  public var batchSize: Int { 1 }
  public var sampleCount: Int { 1 }
  public var canStepAtOnce: Bool { false }

  public func initialize(_ parameters: ParameterVector, seed: UInt64) { parameters.setToZero() }

  public func draw() { noise.draw() }

  public func visit(_ state: inout StateVisitor) throws { try noise.visit(&state) }

  public func gradient(
    at x: ParameterVector, into target: GradientTarget, timer: PhaseTimer, poll: Network.Poll
  ) throws -> BatchScore {
    timer.enter(.backward)
    target.storeEach(count: parameterCount) { derivative(at: x, $0) + noise[$0] }
    var score = BatchScore()
    score.loss = value(at: x)
    return score
  }

  public func score(_ part: DatasetPart, at x: ParameterVector) throws -> PartialScore {
    part == .training ? PartialScore(loss: value(at: x), samples: 1) : PartialScore()
  }

  public func score(samples: [Int32], at x: ParameterVector) throws -> PartialScore {
    PartialScore(loss: Double(samples.count) * value(at: x), samples: Double(samples.count))
  }

  public func fullGradient(at x: ParameterVector, into gradient: ParameterVector) throws {
    for j in 0..<parameterCount { gradient.pointer[j] = derivative(at: x, j) }
  }
}

/// Normal noise with E‖noise‖² = σ², a function of seed, worker and draw.
public struct GradientNoise: Persistent {
  private let deviation: Double
  private let seed: UInt64
  private let worker: Int
  private let values: AlignedBuffer<Float>
  private var draws = 0

  init(deviation: Double, dimension: Int, seed: UInt64, worker: Int) {
    self.deviation = deviation / Double(dimension).squareRoot()
    self.seed = seed
    self.worker = worker
    values = AlignedBuffer(count: dimension)
  }

  var dimension: Int { values.count }

  mutating func draw() {
    draws += 1
    guard deviation > 0 else { return }
    var random = RandomSource(seed: seed, purpose: .gradientNoise, index: worker, position: draws)
    for j in 0..<values.count { values.pointer[j] = Float(deviation * random.nextNormal()) }
  }

  public mutating func visit(_ state: inout StateVisitor) throws { try state.visit(&draws) }

  subscript(j: Int) -> Float { values.pointer[j] }
}
