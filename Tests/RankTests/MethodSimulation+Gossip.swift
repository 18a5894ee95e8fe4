import Averaging

extension Simulated {
  /// x_i ← Σ_j W_ij x_j − γ g_i(x_i), in every I-th step; W_ij is the same for the worker itself and all its neighbours.
  struct Gossip: SimulatedMethod {
    let interval: Int
    let graph: MixingGraph

    /// By the graphs' definitions: j is a neighbour of i if it is so many workers away, around either way.
    static func weights(_ graph: MixingGraph, _ workers: Int) -> [[Double]] {
      (0..<workers).map { i in
        let counts = (0..<workers).map { j in
          let away = min((i - j + workers) % workers, (j - i + workers) % workers)
          let longer = workers - away
          let counts =
            switch graph {
            case .ring: away <= 1
            case .exponential: away == 0 || away & (away - 1) == 0 || longer & (longer - 1) == 0
            case .complete: true
            }
          return counts ? 1.0 : 0
        }
        return counts.map { $0 / counts.reduce(0, +) }
      }
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval - 1)
      let before = workers.models
      let gradients = workers.all.map { workers.gradient($0) }
      let weights = Self.weights(graph, workers.count)
      workers.mixMoments(weights)
      for i in workers.all { workers.descend(i, gradients[i], at: before[i], from: before.mean(weights[i])) }
    }
  }
}
