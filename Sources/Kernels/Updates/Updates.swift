/// The updates of a worker's model, one pass over memory each.
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

  /// v, w ← (v + w)/2, the same bits in both.
  public func meet(_ w: ParameterVector) {
    precondition(count == w.count)
    let (v, w) = (vectors, w.vectors)
    for i in 0..<vectorCount {
      v[i] = 0.5 * (v[i] + w[i])
      w[i] = v[i]
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
  public func descend(_ step: SGDStep, gradient: ParameterVector) -> Double {
    precondition(count == gradient.count)
    let (x, g) = (vectors, gradient.vectors)
    return Reductions.accumulate(vectorCount) { i, sum in
      let total = step.descend(&x[i], g[i])
      sum.addProduct(total, total)
    }
  }

  /// SGD with momentum: u ← β u + g + λ x; x ← x − γ u, x being this vector.
  public func descend(_ step: SGDStep, gradient: ParameterVector, momentumBuffer: ParameterVector) {
    precondition(count == gradient.count && count == momentumBuffer.count)
    let (x, g, u) = (vectors, gradient.vectors, momentumBuffer.vectors)
    for i in 0..<vectorCount { step.descend(&x[i], momentumBuffer: &u[i], g[i]) }
  }
}
