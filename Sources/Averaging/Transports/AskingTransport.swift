import Kernels
import MessagePassing

/// The active side of a pair: sends its model to a partner, and receives the mean of both, while it computes.
final class AskingTransport: Transport {
  private let exchange: PairAverage
  private let communicator: Communicator
  private let worker: WorkerState
  private let replicas: [WorkerVectors]
  /// The pair's mean, where there are others.
  private let mean: ParameterVector?
  private let pass: JointUpdate
  private let words = ReportWords(scratch: AlignedBuffer(count: ReportWords.bytes))
  private let tookPart = AlignedBuffer<Bool>([true])
  private var own = RoundReport()
  private var asking: Request?
  private var answer: Request?

  init(_ exchange: PairAverage, worker: WorkerState, communicator: Communicator) {
    self.exchange = exchange
    self.communicator = communicator
    self.worker = worker
    replicas = [worker.vectors]
    mean = communicator.size == 1 ? nil : ParameterVector(count: worker.parameters.count)
    pass = JointUpdate(sources: [JointUpdate.Source(mean ?? worker.parameters)], replicas: [worker.vectors.replica])
  }

  var medium: Medium { .messages }

  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  func payloadBytes(round: Int) -> Int {
    mean == nil ? 0 : worker.parameters.count * MemoryLayout<Float>.size
  }

  func traffic(round: Int) -> Traffic {
    exchange.partner(of: communicator.rank, among: communicator.size, step: round)
      .map { .question(to: $0, bytes: payloadBytes(round: round)) } ?? .none
  }

  func begin(_ own: RoundReport, round: Int) throws {
    self.own = own
    guard let mean,
      let partner = exchange.partner(of: communicator.rank, among: communicator.size, step: round)
    else { return }
    exchange.log?.note(step: round, partner: partner)
    answer = try communicator.beginReceive(
      into: mean.elements, from: partner, tag: PairAverage.Tag.answer, owner: self)
    asking = try communicator.beginSend(
      UnsafeBufferPointer(worker.parameters.elements), to: partner, tag: PairAverage.Tag.ask, owner: self)
  }

  func poll() throws { _ = try answer?.test() }

  func awaitArrival() throws { try answer.take()?.wait() }

  func complete() throws -> Average {
    try asking.take()?.wait()
    return Average(
      reports: RoundReports(ofOne: own, words), pass: pass, range: portions[0], factor: 1, progress: nil,
      replicas: replicas, worker: worker, carriesMomentum: false, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }

  /// All that this worker asked was answered before it came here; others may still ask.
  func drain() throws { try communicator.beginBarrier().wait() }
}
