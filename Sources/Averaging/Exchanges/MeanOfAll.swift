import Kernels
import MessagePassing

/// The mean over all workers: of their gradients, of their models, or of a slot that holds what is to travel.
public struct MeanOfAll: Exchange {
  /// What of a worker is averaged.
  public enum Payload: Equatable, Sendable {
    case gradient
    case model
    case slot(Slot)
  }

  public var payload: Payload
  /// Whether the optimiser's moments travel along.
  public var carriesMomentum: Bool
  public var weights: AveragingWeights
  /// Whether some workers may sit out a round, and then count nothing.
  public var isPartial: Bool
  /// Into how many parts the vector is divided, of which a round exchanges one in turn.
  public var fragments: Int

  public init(
    _ payload: Payload, carriesMomentum: Bool = false, weights: AveragingWeights = .equal, isPartial: Bool = false,
    fragments: Int = 1
  ) {
    self.payload = payload
    self.carriesMomentum = carriesMomentum
    self.weights = weights
    self.isPartial = isPartial
    self.fragments = fragments
  }

  public var slots: [Slot] {
    let own: [Slot] = if case .slot(let slot) = payload { [slot] } else { [] }
    return weights == .normalized ? own + [.anchor] : own
  }

  public func open(_ worker: WorkerState, _ communicator: Communicator) throws -> any Transport {
    if let node = worker.node, !node.holdsAll,
      let sums = try NodeSums(self, of: worker, on: node, communicator)
    {
      return NodeTransport(self, worker: worker, sums: sums, communicator: communicator)
    }
    return open(worker, among: worker.peers, communicator)
  }

  /// - Parameter peers: the workers of `communicator`, by rank, where they share memory.
  func open(
    _ worker: WorkerState, among peers: [WorkerState.Peer], _ communicator: Communicator
  ) -> any Transport {
    peers.isEmpty
      ? MessageTransport(self, worker: worker, communicator: communicator)
      : SharedMemoryTransport(self, worker: worker, among: peers, communicator: communicator)
  }

  /// What of a worker is summed.
  func source(_ vectors: WorkerVectors) -> JointUpdate.Source {
    switch payload {
    case .gradient: JointUpdate.Source(vectors.gradient)
    case .model where carriesMomentum:
      JointUpdate.Source(vectors.parameters, momentum: vectors.momentum, secondMoment: vectors.secondMoment)
    case .model: JointUpdate.Source(vectors.parameters)
    case .slot(let slot): JointUpdate.Source(vectors[slot])
    }
  }

  /// The SIMD vectors that the exchange of `round` is of, out of `count`.
  func range(round: Int, of count: Int) -> Range<Int> {
    JointUpdate.slice(0..<count, part: round % fragments, of: fragments)
  }

  /// The numbers that the exchange of `round` is of, out of `count`, without padding. A short model's fragment may be empty.
  func numbers(round: Int, of count: Int) -> Range<Int> {
    let lanes = ParameterVector.Lanes.scalarCount
    let vectors = range(round: round, of: ParameterVector.paddedCount(count) / lanes)
    return (vectors.lowerBound * lanes..<vectors.upperBound * lanes).clamped(to: 0..<count)
  }

  /// Bytes of a worker's numbers in the exchange of `round`; padding is not counted.
  func payloadBytes(round: Int, parameterCount: Int, moments: Int) -> Int {
    let numbers = numbers(round: round, of: parameterCount).count
    return (carriesMomentum ? 1 + moments : 1) * numbers * MemoryLayout<Float>.size
  }
}
