import Kernels

extension MethodEntry {
  static let blockMomentum = MethodEntry(
    name: "bmuf", family: .compared,
    summary: "block momentum: the progress of a round is filtered before the model takes it",
    citation: "Chen, Huo: Scalable training of deep learning machines by incremental block training, ICASSP 2016",
    keys: [
      Key("momentum", "0.9", "η: of the block momentum; 1 − 1/N is the paper's advice"),
      Key("rate", "1", "ζ: of a round's progress"),
      Key("nesterov", "no", "whether the next round starts a momentum ahead"),
    ],
    traits: [.deterministic, .equalReplicas, .unevenSteps],
    explanation: """
      G = x̄ − x₀; D ← ηD + ζG; x₀ ← x₀ + D
      The next round starts from x₀ (classical) or from x₀ + ηD (Nesterov).
      Sends what pr-sgd in step-first order sends; keeps 2m numbers more.
      Good for: many workers, whose plain average makes little progress a round.
      """
  ) { keys in
    let momentum = try keys.number("momentum", 0.9, in: 0...0.9999)
    let rate = try keys.number("rate", 1.0, in: 1e-6...100)
    let nesterov = try keys.flag("nesterov", false)
    return { draft in
      try draft.setUpdate(
        BlockMomentum(
          momentum: draft.momentum, eta: Float(momentum), zeta: Float(rate), isNesterov: nesterov))
    }
  }
}

struct BlockMomentum: Update {
  let momentum: MomentumPolicy
  let eta: Float
  let zeta: Float
  let isNesterov: Bool

  private static let step = Slot("block momentum", .common)

  var slots: [Slot] { [.anchor, Self.step] }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    average.assign(momentum) { block in
      let (x, start, d) = (block.mean, block[.anchor], block[Self.step])
      for i in block.indices {
        // The model without the momentum that the round was started ahead by.
        let model = isNesterov ? start[i] - eta * d[i] : start[i]
        d[i] = eta * d[i] + zeta * (x[i] - start[i])
        x[i] = isNesterov ? model + d[i] + eta * d[i] : model + d[i]
      }
    }
  }
}
