import Glibc
import Kernels

/// A quadratic on which theory can be checked: f_i(x) = (a_i/2) Σ_j h_j (x_j − b_ij)².
///
/// The curvatures h_j go geometrically from L/κ to L. Workers differ in their optima b_i, which lie `heterogeneity` from a
/// common one, and in their curvature a_i, which goes from 1 − `spread` to 1 + `spread`. A stochastic gradient is
/// the true one and normal noise with E‖noise‖² = σ². Loss is f_i itself, in no unit.
public struct QuadraticProblem: Equatable, Sendable {
  public var dimension = 20
  /// κ.
  public var condition = 10.0
  /// L of the workers' quadratics with a_i = 1.
  public var smoothness = 1.0
  /// σ.
  public var noise = 1.0
  public var heterogeneity = 0.0
  public var spread = 0.0

  public init() {}

  /// h_j.
  public func curvature(_ j: Int) -> Double {
    dimension == 1 ? smoothness : smoothness * pow(condition, Double(j) / Double(dimension - 1) - 1)
  }

  /// a_i.
  public func scale(worker: Int, of workers: Int) -> Double {
    workers == 1 ? 1 : 1 + spread * (2 * Double(worker) / Double(workers - 1) - 1)
  }

  /// b_i (dimension): a common point of length √dimension or so, and the worker's own way from it.
  public func center(worker: Int, seed: UInt64) -> [Double] {
    var common = RandomSource(seed: seed, purpose: .synthetic, index: 0)
    var own = RandomSource(seed: seed, purpose: .synthetic, index: 1 + worker)
    let shared = (0..<dimension).map { _ in common.nextNormal() }
    let away = (0..<dimension).map { _ in own.nextNormal() }
    let length = away.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return zip(shared, away).map { $0 + heterogeneity * $1 / length }
  }

  /// The point where (1/N) Σ f_i is least, and its value there.
  public func optimum(workers: Int, seed: UInt64) -> (point: [Double], value: Double) {
    let scales = (0..<workers).map { scale(worker: $0, of: workers) }
    let centers = (0..<workers).map { center(worker: $0, seed: seed) }
    let total = scales.reduce(0, +)
    let point = (0..<dimension).map { j in zip(scales, centers).reduce(0) { $0 + $1.0 * $1.1[j] } / total }
    let value = zip(scales, centers).reduce(0.0) { sum, worker in
      (0..<dimension).reduce(sum) { $0 + worker.0 / 2 * curvature($1) * pow(point[$1] - worker.1[$1], 2) }
    }
    return (point, value / Double(workers))
  }
}

/// One worker's part of a `QuadraticProblem`.
public final class QuadraticObjective: FormulaObjective {
  public let constants: ObjectiveConstants
  public var noise: GradientNoise
  private let curvatures: AlignedBuffer<Float>
  private let center: AlignedBuffer<Float>

  public init(_ problem: QuadraticProblem, worker: Int, of workers: Int, seed: UInt64) {
    let scale = problem.scale(worker: worker, of: workers)
    curvatures = AlignedBuffer((0..<problem.dimension).map { Float(scale * problem.curvature($0)) })
    center = AlignedBuffer(problem.center(worker: worker, seed: seed).map { Float($0) })
    noise = GradientNoise(deviation: problem.noise, dimension: problem.dimension, seed: seed, worker: worker)
    constants = ObjectiveConstants(
      smoothness: problem.smoothness * (1 + problem.spread), noise: problem.noise * problem.noise,
      optimum: problem.optimum(workers: workers, seed: seed).value, hasClasses: false)
  }

  public func derivative(at x: ParameterVector, _ j: Int) -> Float {
    curvatures.pointer[j] * (x.pointer[j] - center.pointer[j])
  }

  public func value(at x: ParameterVector) -> Double {
    (0..<center.count).reduce(0) { sum, j in
      let away = Double(x.pointer[j]) - Double(center.pointer[j])
      return sum + Double(curvatures.pointer[j]) / 2 * away * away
    }
  }
}
