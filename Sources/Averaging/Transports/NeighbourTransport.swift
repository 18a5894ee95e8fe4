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
  private let neighbours: [Neighbour]
  private let pass: JointUpdate
  private let carriesMomentum: Bool
  private let words = ReportWords(scratch: AlignedBuffer(count: ReportWords.bytes))
  private let tookPart = AlignedBuffer<Bool>([true])
  private var own = RoundReport()

  /// A worker that this one exchanges with.
  private final class Neighbour {
    let rank: Int
    /// What it sent.
    let arrived: AlignedBuffer<Float>
    var sending: Request?
    var receiving: Request?

    init(_ rank: Int, count: Int) {
      self.rank = rank
      arrived = AlignedBuffer(count: count)
    }
  }

  init(_ exchange: NeighbourAverage, worker: WorkerState, communicator: Communicator) {
    self.communicator = communicator
    self.worker = worker
    replicas = [worker.vectors]
    carriesMomentum = exchange.carriesMomentum && worker.momentum != nil
    let own = JointUpdate.Source(worker.parameters, momentum: carriesMomentum ? worker.momentum : nil)
    graph = exchange.graph
    neighbours = graph.neighbours(of: communicator.rank, among: communicator.size)
      .map { Neighbour($0, count: own.paddedCount) }
    let sources = [own] + neighbours.map { JointUpdate.Source($0.arrived, like: own) }
    pass = JointUpdate(sources: sources, replicas: [worker.vectors.replica])
  }

  var medium: Medium { .messages }

  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  func payloadBytes(round: Int) -> Int {
    neighbours.count * (carriesMomentum ? 2 : 1) * worker.parameters.count * MemoryLayout<Float>.size
  }

  func traffic(round: Int) -> Traffic {
    .neighbours(graph, bytes: payloadBytes(round: round) / max(neighbours.count, 1))
  }

  func begin(_ own: RoundReport, round: Int) throws {
    self.own = own
    // Model and momentum lie side by side, with the model's padding between them.
    let padded = ParameterVector.paddedCount(worker.parameters.count)
    let count = (carriesMomentum ? padded : 0) + worker.parameters.count
    let sent = UnsafeBufferPointer(start: worker.parameters.pointer, count: count)
    for neighbour in neighbours {
      let arriving = UnsafeMutableBufferPointer(start: neighbour.arrived.pointer, count: count)
      neighbour.receiving = try communicator.beginReceive(
        into: arriving, from: neighbour.rank, tag: round % 2, owner: self)
    }
    for neighbour in neighbours {
      neighbour.sending = try communicator.beginSend(sent, to: neighbour.rank, tag: round % 2, owner: self)
    }
  }

  func poll() throws {
    for neighbour in neighbours { _ = try neighbour.receiving?.test() }
  }

  func awaitArrival() throws {
    for neighbour in neighbours { try neighbour.receiving.take()?.wait() }
  }

  func complete() throws -> Average {
    for neighbour in neighbours { try neighbour.sending.take()?.wait() }
    return Average(
      reports: RoundReports(ofOne: own, words), pass: pass, range: portions[0], factor: 1 / Float(neighbours.count + 1),
      progress: nil, replicas: replicas, worker: worker, carriesMomentum: carriesMomentum, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }
}
