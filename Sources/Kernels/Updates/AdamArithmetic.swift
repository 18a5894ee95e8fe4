import CHost
import Glibc

/// The arithmetic of one step of Adam with decoupled weight decay, as torch.optim.AdamW has it: m ← β₁ m + (1 − β₁) g;
/// v ← β₂ v + (1 − β₂) g²; x ← x − γ λ x − γ m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
struct AdamArithmetic: Sendable {
  typealias Vector = SIMD16<Float>

  private let firstDecay: Vector
  private let firstWeight: Vector
  private let secondDecay: Vector
  private let secondWeight: Vector
  /// 1 / √(1 − β₂ᵗ).
  private let rootScale: Vector
  private let epsilon: Vector
  /// −γ / (1 − β₁ᵗ).
  private let negativeRate: Vector
  /// −γ λ.
  private let negativeDecay: Vector

  /// - Parameter step: t, from 1 on.
  init(learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, step: Int) {
    precondition(step > 0)
    // Where nothing was ever, as in the padding of vectors, a step is 0 / ε.
    precondition(Float(epsilon) >= .leastNormalMagnitude)
    let vector = { (number: Double) in Vector(repeating: Float(number)) }
    firstDecay = vector(beta1)
    firstWeight = vector(1 - beta1)
    secondDecay = vector(beta2)
    secondWeight = vector(1 - beta2)
    rootScale = vector(1 / (1 - pow(beta2, Double(step))).squareRoot())
    self.epsilon = vector(epsilon)
    negativeRate = vector(-learningRate / (1 - pow(beta1, Double(step))))
    negativeDecay = vector(-learningRate * weightDecay)
  }

  /// `point` plus the step taken at `x`; the point is x itself, or an average that takes its place.
  @inline(__always)
  func step(
    from point: Vector, at x: Vector, _ gradient: Vector, firstMoment m: inout Vector, secondMoment v: inout Vector
  ) -> Vector {
    m = (firstDecay * m).addingProduct(firstWeight, gradient)
    v = (secondDecay * v).addingProduct(secondWeight * gradient, gradient)
    let scale = epsilon.addingProduct(rootScale, chost_square_root(v))
    return point.addingProduct(negativeDecay, x).addingProduct(negativeRate, m / scale)
  }
}
