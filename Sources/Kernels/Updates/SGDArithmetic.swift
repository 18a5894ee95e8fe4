/// The arithmetic of one step of SGD, with momentum as torch.optim.SGD has it: G = g + λ x; u ← β u + G; x ← x − γ u, or
/// with Nesterov's momentum x ← x − γ (G + β u). Plain SGD has no u and steps by G.
///
/// Every form of the update, over whole vectors or inside a kernel, goes through these lines and so gives the same bits:
/// each product that is added is fused into the addition.
struct SGDArithmetic: Sendable {
  typealias Vector = SIMD16<Float>

  private let negativeRate: Vector
  private let momentum: Vector
  private let decay: Vector

  init(learningRate: Float, momentum: Float, weightDecay: Float) {
    negativeRate = Vector(repeating: -learningRate)
    self.momentum = Vector(repeating: momentum)
    decay = Vector(repeating: weightDecay)
  }

  /// G.
  @inline(__always)
  func total(_ gradient: Vector, _ x: Vector) -> Vector { gradient.addingProduct(decay, x) }

  /// Plain SGD. Returns G.
  @inline(__always)
  func descend(_ x: inout Vector, _ gradient: Vector) -> Vector {
    let total = total(gradient, x)
    move(&x, along: total)
    return total
  }

  /// SGD with momentum.
  @inline(__always)
  func descend(_ x: inout Vector, momentumBuffer u: inout Vector, _ gradient: Vector) {
    u = direction(total(gradient, x), u)
    move(&x, along: u)
  }

  /// SGD with Nesterov's momentum.
  @inline(__always)
  func descendNesterov(_ x: inout Vector, momentumBuffer u: inout Vector, _ gradient: Vector) {
    let total = total(gradient, x)
    u = direction(total, u)
    move(&x, along: direction(total, u))
  }

  /// The new u; of the new u, Nesterov's direction.
  @inline(__always)
  func direction(_ total: Vector, _ u: Vector) -> Vector { total.addingProduct(momentum, u) }

  @inline(__always)
  func move(_ x: inout Vector, along direction: Vector) { x.addProduct(negativeRate, direction) }
}
