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

  /// Plain SGD from a mean x̄ = a·sum, with the gradient at this vector, x: x ← x̄ − γ (g + λ x). `sum` may be x itself.
  /// - Returns: ‖x̄ − x‖² and ‖g + λ x‖² with x from before.
  public func descend(
    _ step: SGDStep, gradient: ParameterVector, fromMean a: Float, of sum: ParameterVector
  ) -> (squaredDeviation: Double, squaredNorm: Double) {
    precondition(count == gradient.count && count == sum.count)
    let (x, g, s) = (vectors, gradient.vectors, sum.vectors)
    let scale = Lanes(repeating: a)
    var squaredNorm = 0.0
    var squaredDeviation = 0.0
    for start in stride(from: 0, to: vectorCount, by: Reductions.block) {
      var (squares, deviations) = (Lanes(), Lanes())
      for i in start..<min(start + Reductions.block, vectorCount) {
        var value = scale * s[i]
        let deviation = value - x[i]
        deviations.addProduct(deviation, deviation)
        let total = step.total(g[i], x[i])
        squares.addProduct(total, total)
        step.move(&value, along: total)
        x[i] = value
      }
      squaredNorm += Double(squares.sum())
      squaredDeviation += Double(deviations.sum())
    }
    return (squaredDeviation, squaredNorm)
  }

  /// The same with momentum: u ← β ū + g + λ x; x ← x̄ − γ u, where ū = a·`momentumSum` or, without that, u.
  /// - Returns: ‖x̄ − x‖² with x from before.
  public func descend(
    _ step: SGDStep, gradient: ParameterVector, momentumBuffer: ParameterVector, fromMean a: Float,
    of sum: ParameterVector, momentumSum: ParameterVector?
  ) -> Double {
    precondition(count == gradient.count && count == sum.count && count == momentumBuffer.count)
    precondition(momentumSum.map { $0.count == count } ?? true)
    let (x, g, u, s) = (vectors, gradient.vectors, momentumBuffer.vectors, sum.vectors)
    let meant = momentumSum?.vectors ?? u
    let (scale, momentumScale) = (Lanes(repeating: a), Lanes(repeating: momentumSum == nil ? 1 : a))
    return Reductions.accumulate(vectorCount) { i, squares in
      var value = scale * s[i]
      let deviation = value - x[i]
      squares.addProduct(deviation, deviation)
      u[i] = step.direction(step.total(g[i], x[i]), momentumScale * meant[i])
      step.move(&value, along: u[i])
      x[i] = value
    }
  }
}
