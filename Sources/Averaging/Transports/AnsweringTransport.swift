import Glibc
import Kernels
import MessagePassing

/// The passive side of a pair: answers, whenever the worker's gradient lets it, each model that arrives with the mean of
/// that and its own.
///
/// The gradient under way needs the model that it began with, so what is averaged meanwhile is a copy, and the step is
/// taken from that:
///
///     begin                     poll, any number of times        complete, apply
///     meeting point y ← x_i     x_j arrives: x_j, y ← (x_j + y)/2     x_i ← y − γ g_i
final class AnsweringTransport: Transport {
  private let exchange: PairAverage
  private let communicator: Communicator
  private let worker: WorkerState
  private let replicas: [WorkerVectors]
  /// y. Between steps it is nothing.
  private let meetingPoint: ParameterVector
  private let visits: [Visit]
  private let pass: JointUpdate
  private let words = ReportWords(scratch: AlignedBuffer(count: ReportWords.bytes))
  private let tookPart = AlignedBuffer<Bool>([true])
  private var own = RoundReport()
  private var step = 0
  /// Since the last exchange was completed, and before that since the one before it.
  private var answered = 0
  private var answeredBefore = 0

  /// Models that are received or answered at one time at most. More would only wait for each other on the way.
  private static let mostVisits = 4

  /// A model that arrives, and goes back as the mean.
  private final class Visit {
    let numbers: ParameterVector
    var asker = 0
    var receiving: Request?
    var answering: Request?

    init(count: Int) { numbers = ParameterVector(count: count) }
  }

  init(_ exchange: PairAverage, worker: WorkerState, communicator: Communicator) {
    self.exchange = exchange
    self.communicator = communicator
    self.worker = worker
    replicas = [worker.vectors]
    let count = worker.parameters.count
    meetingPoint = ParameterVector(count: count)
    let askers = (communicator.size + 1) / 2
    visits = (0..<min(askers, Self.mostVisits)).map { _ in Visit(count: count) }
    pass = JointUpdate(sources: [JointUpdate.Source(meetingPoint)], replicas: [worker.vectors.replica])
  }

  var medium: Medium { .messages }

  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  func payloadBytes(round: Int) -> Int { answeredBefore * worker.parameters.count * MemoryLayout<Float>.size }

  /// Who asks counts the way back.
  func traffic(round: Int) -> Traffic { .none }

  func begin(_ own: RoundReport, round: Int) throws {
    (self.own, step) = (own, round)
    meetingPoint.copy(from: worker.parameters)
    try serve()
  }

  func poll() throws { try serve() }

  /// Nobody is waited for.
  func awaitArrival() throws { try serve() }

  func complete() throws -> Average {
    (answeredBefore, answered) = (answered, 0)
    return Average(
      reports: RoundReports(ofOne: own, words), pass: pass, range: portions[0], factor: 1, progress: nil,
      replicas: replicas, worker: worker, carriesMomentum: false, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }

  /// Answers until no active worker can ask any more, as all have come here.
  func drain() throws {
    step += 1
    meetingPoint.copy(from: worker.parameters)
    var barrier = try communicator.beginBarrier()
    while try !barrier.test() {
      try serve()
      sched_yield()
    }
    // Every answer has arrived by now, but its sender may not know.
    for visit in visits { try visit.answering.take()?.wait() }
    worker.parameters.copy(from: meetingPoint)
  }

  /// Does whatever can be done for others without waiting.
  private func serve() throws {
    var someoneMayAsk = true
    for visit in visits {
      if try visit.answering?.test() == true { try visit.answering.take()?.wait() }
      if someoneMayAsk && visit.receiving == nil && visit.answering == nil { someoneMayAsk = try receive(visit) }
      if try visit.receiving?.test() == true { try answer(visit) }
    }
  }

  /// Begins to receive the model of a worker that asks.
  /// - Returns: whether there is one.
  private func receive(_ visit: Visit) throws -> Bool {
    guard let message = try communicator.probe(tag: PairAverage.Tag.ask) else { return false }
    visit.asker = message.source
    visit.receiving = try communicator.beginReceive(
      into: visit.numbers.elements, from: message.source, tag: PairAverage.Tag.ask, owner: self)
    return true
  }

  private func answer(_ visit: Visit) throws {
    try visit.receiving.take()?.wait()
    meetingPoint.meet(visit.numbers)
    answered += 1
    exchange.log?.note(step: step, partner: visit.asker)
    visit.answering = try communicator.beginSend(
      UnsafeBufferPointer(visit.numbers.elements), to: visit.asker, tag: PairAverage.Tag.answer, owner: self)
  }
}
