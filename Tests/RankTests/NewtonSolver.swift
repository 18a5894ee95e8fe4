import Glibc

/// Finds the least value of softmax regression with (λ/2)‖x‖² by Newton's method in Double, for two classes.
///
/// By symmetry the two classes' parameters are each other's negatives at the optimum, ±u/2, so that the problem is a
/// logistic regression in u with (λ/4)‖u‖².
struct NewtonSolver {
  let samples: [[Double]]
  /// Whether a sample is of the second class.
  let labels: [Bool]
  /// λ.
  let weightDecay: Double

  /// - Parameter table: of two classes.
  init(_ table: DenseTable, weightDecay: Double) {
    // The bias is the weight of a feature that is always 1.
    samples = table.samples.map { $0 + [1] }
    labels = table.labels.map { $0 == 1 }
    self.weightDecay = weightDecay
  }

  /// f*, and ‖∇f‖ where it was found.
  func optimum() -> (value: Double, gradientNorm: Double) {
    var u = [Double](repeating: 0, count: samples[0].count)
    var (value, gradient, hessian) = derivatives(u)
    for _ in 0..<50 {
      let direction = Self.solve(hessian, gradient)
      let slope = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
      // Halved until it descends as it should (Armijo).
      var length = 1.0
      var next = derivatives(u)
      while length > 1e-6 {
        let trial = zip(u, direction).map { $0 - length * $1 }
        next = derivatives(trial)
        if next.value <= value - 1e-4 * length * slope || slope < 1e-15 {
          u = trial
          break
        }
        length /= 2
      }
      (value, gradient, hessian) = next
      if slope < 1e-15 { break }
    }
    return (value, gradient.reduce(0) { $0 + $1 * $1 }.squareRoot())
  }

  private func derivatives(_ u: [Double]) -> (value: Double, gradient: [Double], hessian: [[Double]]) {
    let count = Double(samples.count)
    var value = weightDecay / 4 * u.reduce(0) { $0 + $1 * $1 }
    var gradient = u.map { weightDecay / 2 * $0 }
    var hessian = u.indices.map { row in u.indices.map { row == $0 ? weightDecay / 2 : 0 } }
    for (sample, label) in zip(samples, labels) {
      let present = sample.indices.filter { sample[$0] != 0 }
      let margin = present.reduce(0) { $0 + sample[$1] * u[$1] } * (label ? 1 : -1)
      value += (max(-margin, 0) + log1p(exp(-abs(margin)))) / count
      let wrong = 1 / (1 + exp(margin))
      for j in present {
        gradient[j] -= (label ? 1 : -1) * wrong * sample[j] / count
        for k in present where k <= j { hessian[j][k] += wrong * (1 - wrong) * sample[j] * sample[k] / count }
      }
    }
    return (value, gradient, hessian)
  }

  /// H⁻¹g by Cholesky's decomposition of the lower half of H.
  private static func solve(_ hessian: [[Double]], _ gradient: [Double]) -> [Double] {
    var (factor, solution) = (hessian, gradient)
    for j in gradient.indices {
      for k in 0...j {
        let rest = (0..<k).reduce(factor[j][k]) { $0 - factor[j][$1] * factor[k][$1] }
        factor[j][k] = j == k ? rest.squareRoot() : rest / factor[k][k]
      }
      solution[j] = (0..<j).reduce(solution[j]) { $0 - factor[j][$1] * solution[$1] } / factor[j][j]
    }
    for j in gradient.indices.reversed() {
      let rest = (j + 1..<gradient.count).reduce(solution[j]) { $0 - factor[$1][j] * solution[$1] }
      solution[j] = rest / factor[j][j]
    }
    return solution
  }
}
