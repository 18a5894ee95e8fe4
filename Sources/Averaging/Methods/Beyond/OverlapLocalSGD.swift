import Kernels

extension MethodEntry {
  static let overlapLocalSGD = MethodEntry(
    name: "overlap", family: .beyond,
    summary: "workers are pulled to an anchor model, whose average travels while they step on",
    citation: "Wang, Liang, Joshi: Overlap Local-SGD, ICASSP 2020 (arXiv 2002.09539)",
    keys: [
      Key("pull", "0.6", "α: how far a worker moves towards the anchor"),
      Key("momentum", "0.7", "β: of the anchor"),
    ],
    traits: [.deterministic], momentum: .local,
    explanation: """
      At a round's end: v ← βv + (mean − z), z ← z + v, the mean being of the models pulled a round before; then \
      x_i ← x_i − α(x_i − z), and these begin to travel.
      Sends a model a round, hidden behind the next round's steps; keeps 3m numbers more.
      Good for: slow or uneven networks. The workers are never equal: it smooths where pr-sgd jumps.
      """
  ) { keys in
    let pull = try keys.number("pull", 0.6, in: 0...1)
    let momentum = try keys.number("momentum", 0.7, in: 0...0.9999)
    return { draft in
      try draft.setExchange(MeanOfAll(.slot(PulledModels.snapshot)))
      try draft.setUpdate(PulledModels(momentum: draft.momentum, pull: Float(pull), beta: Float(momentum)))
    }
  }
}

struct PulledModels: Update {
  let momentum: MomentumPolicy
  let pull: Float
  let beta: Float

  static let snapshot = Slot("snapshot", .worker)
  /// z, of which each worker needs all to be pulled to it.
  private static let target = Slot("pulled to", .worker, startsAs: .model)
  private static let velocity = Slot("anchor momentum", .common)

  var delay: Delay { .round }
  var slots: [Slot] { [Self.snapshot, Self.target, Self.velocity] }

  func prepare(_ worker: WorkerState, _ round: EndedRound) {
    let (x, z, s) = (worker.parameters.vectors, worker[Self.target].vectors, worker[Self.snapshot].vectors)
    for i in 0..<worker.parameters.vectorCount {
      x[i] -= pull * (x[i] - z[i])
      s[i] = x[i]
    }
  }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    average.assign(momentum, assigningModels: false) { block in
      let (mean, v) = (block.mean, block[Self.velocity])
      let first = block[Self.target, 0]
      for i in block.indices {
        v[i] = beta * v[i] + (mean[i] - first[i])
        mean[i] = first[i] + v[i]
      }
      for worker in block.workers { block[Self.target, worker].update(from: mean, count: block.indices.count) }
    }
  }
}
