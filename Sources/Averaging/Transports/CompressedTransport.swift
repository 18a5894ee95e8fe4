import Glibc
import Kernels
import MessagePassing

/// Gathers what all workers packed, where ranks share memory too: packed numbers are few.
final class CompressedTransport: Transport {
  private let exchange: CompressedMean
  private let communicator: Communicator
  private let worker: WorkerState
  private let replicas: [WorkerVectors]
  private let reports: ReportReduction
  private let tookPart = AlignedBuffer<Bool>(count: 1)
  /// What is packed, and the mean of what all packed.
  private let numbers: ParameterVector
  private let mean: ParameterVector
  private let packed: AlignedBuffer<UInt8>
  /// (ranks, bytes of one)
  private let gathered: AlignedBuffer<UInt8>
  private let pass: JointUpdate
  private let gathering: PiecewiseGathering

  init(_ exchange: CompressedMean, worker: WorkerState, communicator: Communicator) {
    self.exchange = exchange
    self.communicator = communicator
    self.worker = worker
    replicas = [worker.vectors]
    reports = ReportReduction(communicator)
    let count = worker.parameters.count
    numbers = ParameterVector(count: count)
    mean = ParameterVector(count: count)
    let bytes = exchange.codec.packedBytes(count)
    packed = AlignedBuffer(count: bytes)
    gathered = AlignedBuffer(count: bytes * communicator.size)
    gathering = PiecewiseGathering(communicator, own: packed, all: gathered)
    pass = JointUpdate(sources: [JointUpdate.Source(mean)], replicas: [worker.vectors.replica])
  }

  var medium: Medium { .messages }
  var portions: [Range<Int>] { [0..<worker.parameters.vectorCount] }

  func payloadBytes(round: Int) -> Int {
    let scales = (exchange.codec as? TernaryCodec)?.scales.count ?? 0
    return packed.count + scales * MemoryLayout<Float>.size
  }

  func traffic(round: Int) -> Traffic { .gathering(bytes: payloadBytes(round: round)) }

  func begin(_ own: RoundReport, round: Int) throws {
    tookPart[0] = own.takesPart
    try reports.begin(own)
    gatherNumbers()
    let (codec, count) = (exchange.codec, numbers.count)
    if let ternary = codec as? TernaryCodec {
      ternary.measure(numbers.pointer)
      try communicator.allReduce(ternary.scales.elements, .maximum)
    }
    let draws = LaneRandom(seed: exchange.seed, worker: communicator.rank, position: round)
    codec.encode(numbers.pointer, count: count, into: packed.pointer, draws: draws)
    if exchange.payload == .progress(feedback: true) {
      let residual = worker[CompressedMean.residual]
      residual.copy(from: numbers)
      codec.decode(packed.pointer, count: count, addingTo: residual.pointer, factor: -1)
    }
    try gathering.begin()
  }

  private func gatherNumbers() {
    guard exchange.payload != .gradient else { return numbers.copy(from: worker.gradient) }
    numbers.copy(from: worker.parameters)
    numbers.add(-1, times: worker[.anchor])
    if exchange.payload == .progress(feedback: true) { numbers.add(1, times: worker[CompressedMean.residual]) }
  }

  func poll() throws { _ = try gathering.advance() }

  func awaitArrival() throws { try reports.wait() }

  func complete() throws -> Average {
    while try !gathering.advance() { sched_yield() }
    if exchange.payload == .gradient { mean.setToZero() } else { mean.copy(from: worker[.anchor]) }
    let factor = 1 / Float(communicator.size)
    for rank in 0..<communicator.size {
      exchange.codec.decode(
        gathered.pointer + rank * packed.count, count: mean.count, addingTo: mean.pointer, factor: factor)
    }
    return Average(
      reports: reports.result, pass: pass, range: portions[0], factor: 1, progress: nil, replicas: replicas,
      worker: worker, carriesMomentum: false, tookPart: tookPart)
  }

  func settle(_ average: Average) -> SquaredNorms { pass.squares(0) }
}
