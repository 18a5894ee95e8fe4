/// The updates of a worker's model, one pass over memory each. A product that is added is fused into the addition, here
/// and in every other form of the same update, so that all forms give the same bits.
extension ParameterVector {
  /// v ← v + a·w.
  public func add(_ a: Float, times w: ParameterVector) {
    precondition(count == w.count)
    let (v, w) = (vectors, w.vectors)
    let scale = Lanes(repeating: a)
    for i in 0..<vectorCount { v[i].addProduct(scale, w[i]) }
  }

  /// v ← a·w, and returns ‖a·w − v‖² with v from before.
  public func assign(_ a: Float, times w: ParameterVector) -> Double {
    precondition(count == w.count)
    let (v, w) = (vectors, w.vectors)
    let scale = Lanes(repeating: a)
    return Reductions.accumulate(vectorCount) { i, sum in
      let value = scale * w[i]
      let difference = value - v[i]
      sum.addProduct(difference, difference)
      v[i] = value
    }
  }

  /// v ← a·v.
  public func scale(by a: Float) {
    let v = vectors
    let scale = Lanes(repeating: a)
    for i in 0..<vectorCount { v[i] *= scale }
  }

  /// Plain SGD: x ← x − γ (g + λ x), x being this vector.
  /// - Returns: ‖g + λ x‖² with x from before.
  public func descend(gradient: ParameterVector, learningRate: Float, weightDecay: Float) -> Double {
    precondition(count == gradient.count)
    let (x, g) = (vectors, gradient.vectors)
    let step = Lanes(repeating: -learningRate)
    let decay = Lanes(repeating: weightDecay)
    return Reductions.accumulate(vectorCount) { i, sum in
      var total = g[i]
      total.addProduct(decay, x[i])
      sum.addProduct(total, total)
      x[i].addProduct(step, total)
    }
  }

  /// SGD with momentum as torch.optim.SGD has it: u ← β u + g + λ x; x ← x − γ u, x being this vector.
  public func descend(
    gradient: ParameterVector, momentumBuffer: ParameterVector, learningRate: Float, momentum: Float, weightDecay: Float
  ) {
    precondition(count == gradient.count && count == momentumBuffer.count)
    let (x, g, u) = (vectors, gradient.vectors, momentumBuffer.vectors)
    let step = Lanes(repeating: -learningRate)
    let decay = Lanes(repeating: weightDecay)
    let keep = Lanes(repeating: momentum)
    for i in 0..<vectorCount {
      var velocity = g[i]
      velocity.addProduct(decay, x[i])
      velocity.addProduct(keep, u[i])
      u[i] = velocity
      x[i].addProduct(step, velocity)
    }
  }
}
