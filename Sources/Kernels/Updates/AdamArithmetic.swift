import CHost
import Glibc

/// The arithmetic of one step of Adam with decoupled weight decay, as torch.optim.AdamW has it: m ← β₁ m + (1 − β₁) g;
/// v ← β₂ v + (1 − β₂) g²; x ← x − γ λ x − γ m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
struct AdamArithmetic: @unchecked Sendable {
  typealias Vector = SIMD16<Float>

  // Single numbers: the steps of all optimisers take as much memory as the largest, and are copied at each layer.
  private let firstDecay: Float
  private let firstWeight: Float
  private let secondDecay: Float
  private let secondWeight: Float
  /// 1 / √(1 − β₂ᵗ).
  private let rootScale: Float
  private let epsilon: Float
  /// −γ / (1 − β₁ᵗ).
  private let negativeRate: Float
  /// −γ λ.
  private let negativeDecay: Float
  /// By what each number's decay is multiplied, 0 or 1; nil where all decay.
  private(set) var decayMask: UnsafePointer<Float>?

  /// - Parameter step: t, from 1 on.
  init(learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, step: Int) {
    precondition(step > 0)
    // Where nothing was ever, as in the padding of vectors, a step is 0 / ε.
    precondition(Float(epsilon) >= .leastNormalMagnitude)
    firstDecay = Float(beta1)
    firstWeight = Float(1 - beta1)
    secondDecay = Float(beta2)
    secondWeight = Float(1 - beta2)
    rootScale = Float(1 / (1 - pow(beta2, Double(step))).squareRoot())
    self.epsilon = Float(epsilon)
    negativeRate = Float(-learningRate / (1 - pow(beta1, Double(step))))
    negativeDecay = Float(-learningRate * weightDecay)
  }

  /// The step of which only those numbers decay whose mask is 1.
  func decaying(_ mask: UnsafePointer<Float>) -> AdamArithmetic {
    var step = self
    step.decayMask = mask
    return step
  }

  /// The step of what begins `offset` numbers further on.
  func advanced(by offset: Int) -> AdamArithmetic {
    decayMask.map { decaying($0 + offset) } ?? self
  }

  /// `point` plus the step taken at `x`; the point is x itself, or an average that takes its place.
  /// - Parameter offset: of the first number, from where the mask begins.
  @inline(__always)
  func step(
    from point: Vector, at x: Vector, _ gradient: Vector, firstMoment m: inout Vector, secondMoment v: inout Vector,
    offset: Int
  ) -> Vector {
    m = (firstDecay * m).addingProduct(firstWeight, gradient)
    v = (secondDecay * v).addingProduct(secondWeight * gradient, gradient)
    let scale = Vector(repeating: epsilon).addingProduct(rootScale, chost_square_root(v))
    let decay = decayMask.map { negativeDecay * Vector.load($0 + offset) } ?? Vector(repeating: negativeDecay)
    return point.addingProduct(decay, x).addingProduct(negativeRate, m / scale)
  }
}
