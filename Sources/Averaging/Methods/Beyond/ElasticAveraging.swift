import Kernels

extension MethodEntry {
  static let elasticAveraging = MethodEntry(
    name: "easgd", family: .beyond,
    summary: "workers and a center model pull at each other",
    citation: "Zhang, Choromanska, LeCun: Deep learning with elastic averaging SGD, NIPS 2015",
    keys: [Key("pull", "0.9/N", "α: how far a worker moves towards the center")],
    traits: [.deterministic], momentum: .local,
    explanation: """
      After the step at every I: x_i ← x_i − α(x_i − z) and z ← z + α Σ(x_i − z), both with the values of before.
      The model that is evaluated and saved is z. Sends a model a round; keeps m more.
      Good for: exploring: workers stay apart. Wants long runs: z lags behind.
      """
  ) { keys in
    let pull = try keys.number("pull", in: 0.0...1)
    return { draft in
      let workers = draft.settings.workers
      try draft.setUpdate(
        ElasticAverage(momentum: draft.momentum, pull: Float(pull ?? 0.9 / Double(workers)), workers: Float(workers)))
    }
  }
}

struct ElasticAverage: Update {
  let momentum: MomentumPolicy
  let pull: Float
  let workers: Float

  private static let center = Slot("center", .common, startsAs: .model)

  var slots: [Slot] { [Self.center] }
  var result: EvaluatedModel { .common(Self.center) }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    average.assign(momentum, assigningModels: false) { block in
      let (mean, z) = (block.mean, block[Self.center])
      for worker in block.workers {
        let x = block.model(worker)
        for i in block.indices { x[i] -= pull * (x[i] - z[i]) }
      }
      for i in block.indices { z[i] += pull * workers * (mean[i] - z[i]) }
    }
  }
}
