/// The updates of a worker's model, one pass over memory each.
extension ParameterVector {
  /// v ← v + a·w.
  public func add(_ a: Float, times w: ParameterVector) {
    precondition(count == w.count)
    let (v, w) = (vectors, w.vectors)
    let scale = Lanes(repeating: a)
    for i in 0..<vectorCount { v[i].addProduct(scale, w[i]) }
  }

  /// v ← a·w, and returns ‖a·w − v‖² v being the old one.
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

  /// v ← v · min(1, limit / (‖v‖ + 10⁻⁶)), as torch.nn.utils.clip_grad_norm_ has it. What is not finite stays.
  public func clipNorm(to limit: Float) {
    let factor = limit / (Float(squaredNorm().squareRoot()) + 1e-6)
    if factor < 1 { scale(by: factor) }
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

  /// A step, x being this vector. The momentum buffer, or first moment, and the second moment are those of the optimiser;
  /// SGD without a buffer is plain.
  /// - Returns: ‖g + λ x‖² of plain SGD, x being the old one, else 0.
  @discardableResult
  public func descend(
    _ step: LocalStep, gradient: ParameterVector, momentumBuffer: ParameterVector? = nil,
    secondMoment: ParameterVector? = nil
  ) -> Double {
    precondition(count == gradient.count)
    precondition(momentumBuffer.map { $0.count == count } != false)
    precondition(secondMoment.map { $0.count == count } != false)
    let (x, g) = (vectors, gradient.vectors)
    switch (step.rule, momentumBuffer?.vectors, secondMoment?.vectors) {
    case (.sgd(let step), nil, nil):
      return Reductions.accumulate(vectorCount) { i, sum in
        let total = step.descend(&x[i], g[i])
        sum.addProduct(total, total)
      }
    case (.sgd(let step), let u?, nil):
      for i in 0..<vectorCount { step.descend(&x[i], momentumBuffer: &u[i], g[i]) }
    case (.nesterov(let step), let u?, nil):
      for i in 0..<vectorCount { step.descendNesterov(&x[i], momentumBuffer: &u[i], g[i]) }
    case (.adam(let step), let m?, let v?):
      for i in 0..<vectorCount {
        x[i] = step.step(from: x[i], at: x[i], g[i], firstMoment: &m[i], secondMoment: &v[i], offset: 16 &* i)
      }
    default: preconditionFailure("a step without its moments")
    }
    return 0
  }
}
