import Kernels
import MessagePassing

/// Each worker's model and its neighbours': x_i ← Σ_j W_ij x_j (Lian et al. 2017). No worker knows of all others, so no
/// report reaches all of them.
public struct NeighbourMean: Exchange {
  public let graph: CommunicationGraph

  public init(_ graph: CommunicationGraph) { self.graph = graph }

  public var isCollective: Bool { false }
  public var keepsCommonSlots: Bool { false }

  public func open(_ worker: WorkerState, _ communicator: Communicator) throws -> any Transport {
    NeighbourTransport(graph, worker: worker, communicator: try communicator.duplicate())
  }
}
