import Failures
import Options

extension MethodEntry {
  static let decentralizedSGD = MethodEntry(
    name: "d-psgd", family: .compared,
    summary: "models averaged with the neighbours' in a graph",
    citation:
      "Lian, Zhang, Zhang, Hsieh, Zhang, Liu: Can decentralized algorithms outperform centralized algorithms?, NIPS 2017",
    keys: [Key("graph", "ring", "the neighbours: ring (±1), exponential (±1, ±2, ±4, …) or complete (all)")],
    traits: [.serialAlone, .deterministic, .preservesMean],
    momentum: .local, interval: 1,
    explanation: """
      x_i ← Σ_j W_ij x_j − γ g_i(x_i), W_ij = 1/(d + 1) for the worker itself and its d neighbours. With --interval I in \
      every I-th step only, x_i ← x_i − γ g_i(x_i) in the others.
      The exchange runs while the gradient is computed. Sends the model to each neighbour: 4md bytes a round, d = 2 in a \
      ring, about 2 log₂ N in the exponential graph, N − 1 in the complete one, which is pr-sgd with I = 1. A worker holds \
      d models more.
      Workers hear of their neighbours only: consensus_distance is the mean of ‖Σ_j W_ij x_j − x_i‖², and one that \
      diverges stops the run at the next evaluation.
      Good for: networks in which an average over all workers is slow.
      Not for: a ring of many workers on shards that differ: models mix in about N² rounds.
      """
  ) { values in
    let name = values.text("graph") ?? MixingGraph.ring.rawValue
    guard let graph = MixingGraph(rawValue: name) else {
      throw Failure.unknownName(name, kind: "graph of d-psgd", known: MixingGraph.allCases.map(\.rawValue))
    }
    return { draft in
      let momentum = draft.momentum
      try draft.setExchange(NeighbourAverage(graph, carriesMomentum: momentum == .average))
      try draft.setUpdate(AverageThenStep(momentum: momentum, overlapped: draft.settings.overlaps))
    }
  }
}
