import Kernels
import MessagePassing

/// Sends a worker's model to its neighbours and receives theirs, on one node too: each then writes its own model only.
///
/// Rounds cannot mix: messages between two ranks arrive in the order they were sent, and each waits for all of a round's.
final class NeighbourTransport: Transport {
  private let communicator: Communicator
  private let worker: WorkerState
  private let replicas: [WorkerVectors]
  private let neighbours: [Neighbour]
  private let pass: JointUpdate
  private let ownReport = AlignedBuffer<UInt8>(count: ReportWords.bytes)
  private let tookPart = AlignedBuffer<Bool>(count: 1)

  init(_ graph: CommunicationGraph, worker: WorkerState, communicator: Communicator) {
    self.communicator = communicator
    self.worker = worker
    replicas = [worker.vectors]
    let neighbours = graph.neighbours(of: communicator.rank, among: communicator.size)
      .map { Neighbour(rank: $0, received: ParameterVector(count: worker.parameters.count)) }
    self.neighbours = neighbours
    // By rank, so that two workers with the same neighbours round alike.
    let all = ([(communicator.rank, worker.parameters)] + neighbours.map { ($0.rank, $0.received) })
      .sorted { $0.0 < $1.0 }
    pass = JointUpdate(sources: all.map { JointUpdate.Source($0.1) }, replicas: [worker.vectors.replica])
    let weight = Float(graph.weight(among: communicator.size))
    for index in all.indices { pass.setFactors(index, model: weight, momentum: weight) }
  }

  var sharesMemory: Bool { false }
  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  func payloadBytes(round: Int) -> Int { neighbours.count * worker.parameters.count * MemoryLayout<Float>.size }

  func begin(_ own: RoundReport, round: Int) throws {
    tookPart[0] = own.takesPart
    own.write(to: ReportWords(at: ownReport.pointer))
    for neighbour in neighbours {
      neighbour.receiving = try communicator.beginReceive(
        into: neighbour.received.elements, from: neighbour.rank, tag: 0, owner: self)
    }
    for neighbour in neighbours {
      neighbour.sending = try communicator.beginSend(
        UnsafeBufferPointer(worker.parameters.elements), to: neighbour.rank, tag: 0, owner: self)
    }
  }

  func poll() throws {
    for neighbour in neighbours {
      _ = try neighbour.receiving?.test()
      _ = try neighbour.sending?.test()
    }
  }

  func awaitArrival() throws {
    for neighbour in neighbours {
      try neighbour.receiving.take()?.wait()
      try neighbour.sending.take()?.wait()
    }
  }

  func complete() -> Average {
    Average(
      reports: RoundReports(ReportWords(at: ownReport.pointer)), pass: pass, range: portions[0], factor: 1,
      progress: nil, replicas: replicas, worker: worker, carriesMomentum: false, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }
}

/// A rank that models are exchanged with, and its model.
private final class Neighbour {
  let rank: Int
  let received: ParameterVector
  var receiving: Request?
  var sending: Request?

  init(rank: Int, received: ParameterVector) {
    self.rank = rank
    self.received = received
  }
}
