import CHost

/// What becomes of a block of each replica, once the means of the block are there.
extension JointUpdate {
  /// ‖x̄ − x‖² of the block; `taking`, x ← x̄ on the way.
  @inline(__always)
  func addDeviation(_ block: Range<Int>, of replica: Int, taking: Bool = false) {
    let (x, mean) = (replicas[replica].parameters.vectors, mean.pointer - block.lowerBound)
    var sum = Lanes()
    for i in block {
      let deviation = mean[i] - x[i]
      sum.addProduct(deviation, deviation)
      if taking { x[i] = mean[i] }
    }
    squares.pointer[replica].deviation += Double(sum.sum())
  }

  /// The step from x̄ at x.
  ///
  /// - Parameter scale: a of the one source, which is then read in place of the means of the block.
  func takeStep(
    _ block: Range<Int>, _ replica: Int, _ rule: MomentumRule, _ step: LocalStep, scale: Float? = nil
  ) {
    if rule == .reset { takeMomentum(block, replica, rule) }
    let (u, v) = (replicas[replica].momentum?.vectors, replicas[replica].secondMoment?.vectors)
    let mean = scale.map { Scaled($0, sourceModels[0]) } ?? Scaled(1, self.mean.pointer - block.lowerBound)
    func old(_ own: Vectors, _ sources: AlignedBuffer<Vectors>?, _ means: AlignedBuffer<Lanes>) -> Scaled {
      guard rule == .average else { return Scaled(1, own) }
      return scale.map { Scaled($0, sources![0]) } ?? Scaled(1, means.pointer - block.lowerBound)
    }
    switch (step.rule, u, v) {
    case (.sgd(let step), nil, nil): descend(block, replica, from: mean, step)
    case (.sgd(let step), let u?, nil):
      descend(block, replica, from: mean, (old(u, sourceMomenta, meanMomentum), u), step, isNesterov: false)
    case (.nesterov(let step), let u?, nil):
      descend(block, replica, from: mean, (old(u, sourceMomenta, meanMomentum), u), step, isNesterov: true)
    case (.adam(let step), let m?, let v?):
      descend(
        block, replica, from: mean, (old(m, sourceMomenta, meanMomentum), m),
        (old(v, sourceSecondMoments, meanSecondMoment), v), step)
    default: preconditionFailure("a step without its moments")
    }
  }

  /// A vector times a number.
  private struct Scaled {
    let factor: Float
    let vectors: Vectors

    init(_ factor: Float, _ vectors: Vectors) {
      self.factor = factor
      self.vectors = vectors
    }

    @inline(__always)
    subscript(_ i: Int) -> Lanes { factor * vectors[i] }
  }

  /// x ← x̄.
  func take(_ block: Range<Int>, _ replica: Int) {
    (replicas[replica].parameters.vectors + block.lowerBound).update(from: mean.pointer, count: block.count)
  }

  func takeMomentum(_ block: Range<Int>, _ replica: Int, _ rule: MomentumRule) {
    guard rule != .keep else { return }
    takeMoment(block, replicas[replica].momentum, rule, meanMomentum)
    takeMoment(block, replicas[replica].secondMoment, rule, meanSecondMoment)
  }

  private func takeMoment(
    _ block: Range<Int>, _ moment: ParameterVector?, _ rule: MomentumRule, _ mean: AlignedBuffer<Lanes>
  ) {
    guard let moment else { return }
    let u = moment.vectors + block.lowerBound
    if rule == .average {
      u.update(from: mean.pointer, count: block.count)
    } else {
      u.update(repeating: Lanes(), count: block.count)
    }
  }

  /// u ← β u + g + λ x; x ← x̄ − γ u, or x ← x̄ − γ (g + λ x + β u), with u as it was averaged and where it is written.
  @inline(__always)
  private func descend(
    _ block: Range<Int>, _ replica: Int, from mean: Scaled, _ u: (old: Scaled, new: Vectors), _ step: SGDArithmetic,
    isNesterov: Bool
  ) {
    let (x, g) = (replicas[replica].parameters.vectors, replicas[replica].gradient.vectors)
    var sum = Lanes()
    for i in block {
      var value = mean[i]
      let deviation = value - x[i]
      sum.addProduct(deviation, deviation)
      let total = step.total(g[i], x[i])
      chost_prefetch(g + (i &+ Reductions.block))
      let buffer = step.direction(total, u.old[i])
      u.new[i] = buffer
      step.move(&value, along: isNesterov ? step.direction(total, buffer) : buffer)
      x[i] = value
    }
    squares.pointer[replica].deviation += Double(sum.sum())
  }

  /// x ← x̄ − γ (g + λ x).
  private func descend(_ block: Range<Int>, _ replica: Int, from mean: Scaled, _ step: SGDArithmetic) {
    let (x, g) = (replicas[replica].parameters.vectors, replicas[replica].gradient.vectors)
    var (sum, norm) = (Lanes(), Lanes())
    for i in block {
      var value = mean[i]
      let deviation = value - x[i]
      sum.addProduct(deviation, deviation)
      let total = step.total(g[i], x[i])
      chost_prefetch(g + (i &+ Reductions.block))
      norm.addProduct(total, total)
      step.move(&value, along: total)
      x[i] = value
    }
    squares.pointer[replica].deviation += Double(sum.sum())
    squares.pointer[replica].gradient += Double(norm.sum())
  }

  /// x ← x̄ plus Adam's step at x, with the moments as they were averaged and where they are written.
  private func descend(
    _ block: Range<Int>, _ replica: Int, from mean: Scaled, _ m: (old: Scaled, new: Vectors),
    _ v: (old: Scaled, new: Vectors), _ step: AdamArithmetic
  ) {
    let (x, g) = (replicas[replica].parameters.vectors, replicas[replica].gradient.vectors)
    var sum = Lanes()
    for i in block {
      let mean = mean[i]
      let deviation = mean - x[i]
      sum.addProduct(deviation, deviation)
      var (first, second) = (m.old[i], v.old[i])
      x[i] = step.step(from: mean, at: x[i], g[i], firstMoment: &first, secondMoment: &second, offset: 16 &* i)
      (m.new[i], v.new[i]) = (first, second)
    }
    squares.pointer[replica].deviation += Double(sum.sum())
  }
}
