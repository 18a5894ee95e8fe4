import Kernels
import MessagePassing

/// Gossip with one worker at a time, at any time (Lian et al. 2018): an active worker asks a passive one, and both take the
/// mean of their two models.
///
/// Workers of even rank are active, those of odd rank passive: nobody who is asked ever waits for an answer, so there is
/// no deadlock. With an odd number of workers one more is active; a worker alone has nobody to ask.
public struct PairAverage: Exchange {
  /// Of the choice of partners.
  public var seed: UInt64
  /// Where pairs are recorded, if anywhere.
  public var log: PairingLog?

  public init(seed: UInt64, log: PairingLog? = nil) {
    self.seed = seed
    self.log = log
  }

  public var isCollective: Bool { false }
  public var keepsCommonSlots: Bool { false }
  public var isAsynchronous: Bool { true }

  public func open(_ worker: WorkerState, _ communicator: Communicator) throws -> any Transport {
    // Passive workers look for messages of any sender: there must be no others.
    let communicator = communicator.size == 1 ? communicator : try communicator.duplicate()
    return Self.isActive(communicator.rank)
      ? AskingTransport(self, worker: worker, communicator: communicator)
      : AnsweringTransport(self, worker: worker, communicator: communicator)
  }

  public static func isActive(_ rank: Int) -> Bool { rank % 2 == 0 }

  /// Whom an active worker asks in a step: uniformly at random, a function of seed, rank and step alone.
  /// - Returns: nil where there is nobody.
  public func partner(of rank: Int, among workers: Int, step: Int) -> Int? {
    guard workers > 1 else { return nil }
    var random = RandomSource(seed: seed, purpose: .gossip, index: rank, position: step)
    return 2 * random.nextIndex(below: workers / 2) + 1
  }

  enum Tag { static let ask = 0, answer = 1 }
}

/// With whom a worker averaged, in the order in which it did. The k-th time that a passive worker names an active one is
/// the k-th time that this one names it: all logs together say everything that chance decided in a run.
public final class PairingLog: @unchecked Sendable {
  public struct Pairing: Equatable, Sendable {
    /// The worker's own step, from 0.
    public let step: Int
    public let partner: Int

    public init(step: Int, partner: Int) {
      self.step = step
      self.partner = partner
    }
  }

  public private(set) var pairings: [Pairing] = []

  public init() {}

  func note(step: Int, partner: Int) { pairings.append(Pairing(step: step, partner: partner)) }
}
