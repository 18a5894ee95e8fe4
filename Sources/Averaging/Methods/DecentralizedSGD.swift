extension MethodEntry {
  static let decentralizedSGD = MethodEntry(
    name: "d-psgd", family: .compared,
    summary: "each worker averages with its neighbours in a graph, at every step",
    citation:
      "Lian, Zhang, Zhang, Hsieh, Zhang, Liu: Can decentralized algorithms outperform centralized algorithms?, NIPS 2017",
    keys: [
      Key("graph", "ring", "ring; exponential: neighbours at 1, 2, 4, … in both directions; or complete"),
      Key("every", "1", "steps from one average to the next"),
    ],
    traits: [.serialAlone, .deterministic, .preservesMean], momentum: .local,
    explanation: """
      x_i ← Σ_j W_ij x_j − γ g_i(x_i), W_ij equal for a worker and its neighbours: 1/3 in a ring, 1/2 at N = 2, 1/N in the \
      complete graph, which is pr-sgd in average-first order at I = 1.
      The exchange runs while the gradient is computed. Sends a model to each neighbour at every step, whatever N is.
      Good for: networks where all-reduce is slow: high latency, many workers.
      Not for: few workers on a fast network. A worker that diverges shows at the next evaluation.
      """
  ) { keys in
    let graph = try keys.choice("graph", "ring", of: CommunicationGraph.allCases.map(\.rawValue))
    let every = try keys.number("every", 1, in: 1...1_000_000)
    return { draft in
      try draft.setSchedule(FixedInterval(every))
      try draft.setExchange(NeighbourMean(CommunicationGraph(rawValue: graph)!))
      try draft.setUpdate(AverageThenStep(momentum: draft.momentum, overlapped: draft.settings.overlaps))
    }
  }
}
