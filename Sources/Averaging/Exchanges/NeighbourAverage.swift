import MessagePassing

/// Gossip (Lian et al. 2017): each worker averages its model with its neighbours' in a graph, Σ_j W_ij x_j. Nobody hears of
/// all the others.
public struct NeighbourAverage: Exchange {
  public var graph: MixingGraph
  /// Whether the momentum buffer travels along.
  public var carriesMomentum: Bool

  public init(_ graph: MixingGraph, carriesMomentum: Bool = false) {
    self.graph = graph
    self.carriesMomentum = carriesMomentum
  }

  public var isCollective: Bool { false }
  public var keepsCommonSlots: Bool { false }

  public func open(_ worker: WorkerState, _ communicator: Communicator) -> any Transport {
    NeighbourTransport(self, worker: worker, communicator: communicator)
  }
}
