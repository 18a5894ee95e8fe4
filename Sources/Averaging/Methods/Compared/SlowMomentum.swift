import Kernels

extension MethodEntry {
  static let slowMomentum = MethodEntry(
    name: "slowmo", family: .compared,
    summary: "a slow momentum over the progress of rounds",
    citation: "Wang, Tantia, Ballas, Rabbat: SlowMo, ICLR 2020 (arXiv 1910.00643)",
    keys: [Key("beta", "0.5", "β: the slow momentum"), Key("alpha", "1", "α: the slow rate")],
    traits: [.deterministic, .equalReplicas, .unevenSteps],
    explanation: """
      Δ = x₀ − x̄; u ← βu + Δ/γ; x₀ ← x₀ − αγu, γ the rate of the round's last step
      Sends what pr-sgd in step-first order sends; keeps 2m numbers more. α = 1, β = 0 is pr-sgd; bmuf is the same at a \
      constant rate (β = η, α = ζ).
      Good for: long intervals: it wins back much of what they lose.
      """
  ) { keys in
    let beta = try keys.number("beta", 0.5, in: 0...0.9999)
    let alpha = try keys.number("alpha", 1.0, in: 1e-6...100)
    return { draft in
      try draft.setUpdate(SlowMomentum(momentum: draft.momentum, beta: Float(beta), alpha: Float(alpha)))
    }
  }
}

struct SlowMomentum: Update {
  let momentum: MomentumPolicy
  let beta: Float
  let alpha: Float

  private static let slow = Slot("slow momentum", .common)

  var slots: [Slot] { [.anchor, Self.slow] }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    let (scale, pace) = (Float(1 / round.learningRate), alpha * Float(round.learningRate))
    average.assign(momentum) { block in
      let (x, start, u) = (block.mean, block[.anchor], block[Self.slow])
      for i in block.indices {
        u[i] = beta * u[i] + scale * (start[i] - x[i])
        x[i] = start[i] - pace * u[i]
      }
    }
  }
}
