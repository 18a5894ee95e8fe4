import Kernels
import Records
import Training

/// A stochastic gradient g beside a difference of the loss f of the same batch: along g, (f(x + εg/‖g‖) − f(x − εg/‖g‖)) / 2ε
/// is ‖g‖.
struct GradientCheck {
  /// Of the two, relative to ‖g‖.
  let difference: Double

  /// ε moves the loss by about this, or is this part of the model, whichever is less: beyond it the loss is no longer
  /// linear, far below it the difference is rounding.
  private static let change = (ofLoss: 0.02, ofModel: 1e-3)

  /// - Parameter targets: of a batch.
  init(_ objective: any Objective, targets: Int) throws {
    let x = ParameterVector(count: objective.parameterCount)
    let (gradient, spare) = (ParameterVector(count: x.count), ParameterVector(count: x.count))
    let timer = PhaseTimer()
    let loss = { (x: ParameterVector, gradient: ParameterVector) in
      let target = GradientTarget(gradient: gradient.pointer, accumulating: false)
      return try objective.gradient(at: x, into: target, timer: timer, poll: {}).loss / Double(targets)
    }
    objective.initialize(x, seed: 1)
    objective.draw()
    _ = try loss(x, gradient)
    let norm = gradient.squaredNorm().squareRoot()
    let length = min(Self.change.ofModel * max(1, x.squaredNorm().squareRoot()), Self.change.ofLoss / norm)
    let values = try [length, -length].map { length in
      let moved = ParameterVector(copying: x)
      for i in 0..<x.count { moved.pointer[i] += Float(length / norm) * gradient.pointer[i] }
      return try loss(moved, spare)
    }
    difference = abs((values[0] - values[1]) / (2 * length) - norm) / norm
  }
}
