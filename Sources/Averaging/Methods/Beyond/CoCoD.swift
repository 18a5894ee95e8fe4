import Kernels

extension MethodEntry {
  static let cocod = MethodEntry(
    name: "cocod", family: .beyond,
    summary: "the average of a round's models arrives a round later, as a correction",
    citation:
      "Shen, Xu, Liang, Cheng, Zhou: Faster distributed deep net training: computation and communication decoupled SGD, IJCAI 2019",
    traits: [.serialAlone, .deterministic, .preservesMean], momentum: .local,
    explanation: """
      After the step at t = kI: x_i ← x_i + (s̄ − s_i), s the snapshots of t = (k − 1)I (nothing at k = 1), then s_i ← x_i, \
      whose mean travels during the next I steps.
      Sends a model a round; keeps m more.
      Good for: networks on which an exchange takes as long as a round.
      """
  ) { _ in
    { draft in
      try draft.setExchange(MeanOfAll(.slot(DecoupledAverage.snapshot)))
      try draft.setUpdate(DecoupledAverage(momentum: draft.momentum))
    }
  }
}

struct DecoupledAverage: Update {
  let momentum: MomentumPolicy

  static let snapshot = Slot("snapshot", .worker)

  var delay: Delay { .round }
  var slots: [Slot] { [Self.snapshot] }

  func prepare(_ worker: WorkerState, _ round: EndedRound) { worker[Self.snapshot].copy(from: worker.parameters) }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    average.assign(momentum, assigningModels: false) { block in
      for worker in block.workers {
        let (x, s) = (block.model(worker), block[Self.snapshot, worker])
        for i in block.indices { x[i] += block.mean[i] - s[i] }
      }
    }
  }
}
