import Failures
import Kernels
import MessagePassing

/// An exchange that takes as long as it would on a network that there is not.
public struct EmulatedExchange: Exchange {
  private let exchange: any Exchange
  /// Nil: one that takes no time.
  private let network: EmulatedNetwork?
  /// Of the one thread that exchanges.
  private nonisolated(unsafe) let clock: any WorkerClock

  public init(_ exchange: any Exchange, on network: EmulatedNetwork?, clock: any WorkerClock) {
    (self.exchange, self.network, self.clock) = (exchange, network, clock)
  }

  /// - Throws: `Failure(.usage)` for an exchange that looks at which ranks really share a node.
  public static func check(_ exchange: any Exchange) throws {
    if let levels = exchange as? MeanByLevels, levels.groupSize == nil {
      throw Failure(.usage, "two-level averages within real nodes: on emulated ones give it group=NUMBER")
    }
  }

  public var slots: [Slot] { exchange.slots }
  public var isCollective: Bool { exchange.isCollective }
  public var isAsynchronous: Bool { exchange.isAsynchronous }
  public var keepsCommonSlots: Bool { exchange.keepsCommonSlots }

  /// - Throws: `AgreedFailure` where the ranks run on several hosts, whose clocks differ.
  public func open(_ worker: WorkerState, _ communicator: Communicator) throws -> any Transport {
    let node = try communicator.splitByNode()
    let isAlone = try communicator.allReduce(Int64(node.size), .minimum) == communicator.size
    guard isAlone,
      let memory = try SharedMemory.allocate(bytes: BeginningTimes.bytesOfWorker, on: node, of: communicator)
    else {
      throw AgreedFailure(
        Failure(
          .usage, "an emulated network, or emulated cores, want all ranks on one host, with memory that they share"),
        rank: 0)
    }
    return EmulatedTransport(
      try exchange.open(worker, communicator), network: network, clock: clock, BeginningTimes(memory), communicator)
  }
}
