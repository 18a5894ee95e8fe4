import Glibc
import Kernels
import MessagePassing

/// Sends the worker's model to each of its neighbours, receives theirs, and averages them by the graph's weights.
///
/// A worker waits for its neighbours alone, so it may be a round ahead of them, and never more: a message of the round to
/// come has another tag than one of this round.
final class NeighbourTransport: Transport {
  private let communicator: Communicator
  private let worker: WorkerState
  private let replicas: [WorkerVectors]
  private let graph: MixingGraph
  private let swaps: [(swap: PiecewiseSwap<Float>, neighbour: Int, arrived: AlignedBuffer<Float>)]
  private let pass: JointUpdate
  private let carriesMomentum: Bool
  private let words = ReportWords(scratch: AlignedBuffer(count: ReportWords.bytes))
  private let tookPart = AlignedBuffer<Bool>([true])
  private var own = RoundReport()

  init(_ exchange: NeighbourAverage, worker: WorkerState, communicator: Communicator) {
    self.communicator = communicator
    self.worker = worker
    replicas = [worker.vectors]
    carriesMomentum = exchange.carriesMomentum && worker.momentum != nil
    let own = JointUpdate.Source(worker.parameters, momentum: carriesMomentum ? worker.momentum : nil)
    graph = exchange.graph
    swaps = graph.neighbours(of: communicator.rank, among: communicator.size)
      .map { (PiecewiseSwap(communicator), $0, AlignedBuffer(count: own.paddedCount)) }
    let sources = [own] + swaps.map { JointUpdate.Source($0.arrived, like: own) }
    pass = JointUpdate(sources: sources, replicas: [worker.vectors.replica])
  }

  var medium: Medium { .messages }

  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  func payloadBytes(round: Int) -> Int {
    swaps.count * (carriesMomentum ? 2 : 1) * worker.parameters.count * MemoryLayout<Float>.size
  }

  func traffic(round: Int) -> Traffic {
    .neighbours(graph, bytes: payloadBytes(round: round) / max(swaps.count, 1))
  }

  func begin(_ own: RoundReport, round: Int) throws {
    self.own = own
    // Model and momentum lie side by side, with the model's padding between them.
    let padded = ParameterVector.paddedCount(worker.parameters.count)
    let count = (carriesMomentum ? padded : 0) + worker.parameters.count
    for (swap, neighbour, arrived) in swaps {
      try swap.begin(
        count, of: worker.parameters.pointer, to: neighbour, into: arrived.pointer, from: neighbour, tag: round % 2)
    }
  }

  func poll() throws {
    for (swap, _, _) in swaps { _ = try swap.advance() }
  }

  func awaitArrival() throws {
    for (swap, _, _) in swaps {
      // The others too: each may be what another worker waits for.
      while try !swap.advance() {
        try poll()
        sched_yield()
      }
    }
  }

  func complete() -> Average {
    Average(
      reports: RoundReports(ofOne: own, words), pass: pass, range: portions[0], factor: 1 / Float(swaps.count + 1),
      progress: nil, replicas: replicas, worker: worker, carriesMomentum: carriesMomentum, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }
}
