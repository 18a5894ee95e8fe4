import Kernels
import MessagePassing

/// The mean over all workers of packed numbers: of their gradients, or of their models' way from x₀, the model that the
/// round began with. Each worker gathers what all packed, and adds it up in the order of ranks.
public struct CompressedMean: Exchange {
  public enum Payload: Equatable, Sendable {
    case gradient
    /// x_i − x₀; with error feedback x_i − x₀ + e_i, where e_i ← what was left out (Seide et al. 2014; Stich, Cordonnier,
    /// Jaggi 2018).
    case progress(feedback: Bool)
  }

  public let payload: Payload
  public let codec: any Codec
  public let seed: UInt64

  static let residual = Slot("left out", .worker)

  public init(_ payload: Payload, codec: any Codec, seed: UInt64) {
    self.payload = payload
    self.codec = codec
    self.seed = seed
  }

  public var slots: [Slot] {
    switch payload {
    case .gradient: []
    case .progress(let feedback): feedback ? [.anchor, Self.residual] : [.anchor]
    }
  }

  public func open(_ worker: WorkerState, _ communicator: Communicator) -> any Transport {
    CompressedTransport(self, worker: worker, communicator: communicator)
  }
}
