import Kernels

extension MethodEntry {
  static let diLoCo = MethodEntry(
    name: "diloco", family: .beyond,
    summary: "an outer Nesterov step on the progress of long rounds",
    citation: "Douillard et al.: DiLoCo: Distributed low-communication training of language models, arXiv 2311.08105",
    keys: [Key("rate", "0.7", "η: the outer rate"), Key("momentum", "0.9", "β: the outer momentum")],
    traits: [.deterministic, .equalReplicas, .unevenSteps], momentum: .local,
    explanation: """
      Δ = x₀ − x̄; v ← βv + Δ; x₀ ← x₀ − η(Δ + βv)
      The inner optimiser's moments stay local (--optimizer adamw is the paper's). Sends a model a round; keeps 2m more.
      Good for: intervals of hundreds of steps. η = 1, β = 0 is pr-sgd in step-first order.
      """
  ) { keys in
    let rate = try keys.number("rate", 0.7, in: 1e-6...10)
    let momentum = try keys.number("momentum", 0.9, in: 0...0.9999)
    return { draft in
      try draft.setUpdate(
        OuterNesterov(momentum: draft.momentum, outer: OuterStep(rate: Float(rate), momentum: Float(momentum))))
    }
  }
}

/// v ← βv + Δ; x₀ ← x₀ − η(Δ + βv), Δ = x₀ − x̄.
struct OuterStep {
  typealias Lanes = AverageBlock.Lanes

  let rate: Float
  let momentum: Float

  static let buffer = Slot("outer momentum", .common)

  /// - Returns: the new x₀.
  @inline(__always)
  func next(_ start: Lanes, mean: Lanes, buffer v: inout Lanes) -> Lanes {
    let progress = start - mean
    v = momentum * v + progress
    return start - rate * (progress + momentum * v)
  }
}

struct OuterNesterov: Update {
  let momentum: MomentumPolicy
  let outer: OuterStep

  var slots: [Slot] { [.anchor, OuterStep.buffer] }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    average.assign(momentum) { block in
      let (x, start, v) = (block.mean, block[.anchor], block[OuterStep.buffer])
      for i in block.indices { x[i] = outer.next(start[i], mean: x[i], buffer: &v[i]) }
    }
  }
}
