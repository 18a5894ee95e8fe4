import Averaging
import Kernels
import MessagePassing
import Models
import Persistence
import Records

/// Measures what a worker's gradients take beside those of the other ranks, and alone. Afterwards all is as it was: the
/// gradients go nowhere, and the objective forgets that it was asked.
struct CoreCalibration {
  /// Seconds of computing that are measured at least, and gradients.
  private static let leastSeconds = 0.15
  private static let leastGradients = 3

  let objective: any Objective
  let worker: WorkerState
  let communicator: Communicator
  private let timer = PhaseTimer()

  init(_ objective: any Objective, worker: WorkerState, _ communicator: Communicator) {
    (self.objective, self.worker, self.communicator) = (objective, worker, communicator)
  }

  /// Every rank must call it together.
  /// - Returns: what a gradient takes this rank on a core that nothing runs beside, over what it takes beside the others.
  /// - Throws: `MPIError`.
  func measure() throws -> Double {
    var objective = objective
    var written = StateVisitor()
    try objective.visit(&written)
    try computeGradient()
    let alone = try measureAlone()
    let together = try measureTogether()
    var read = StateVisitor(reading: written.bytes)
    try objective.visit(&read)
    return alone / together
  }

  /// One rank after another, while the others sleep.
  private func measureAlone() throws -> Double {
    var seconds = 0.0
    for rank in 0..<communicator.size {
      if rank == communicator.rank { seconds = try secondsOfGradient() }
      try communicator.quietBarrier()
    }
    return seconds
  }

  /// Each goes on until all have measured.
  private func measureTogether() throws -> Double {
    try communicator.barrier()
    let seconds = try secondsOfGradient()
    var barrier = try communicator.beginBarrier()
    while try !barrier.test() { try computeGradient() }
    try barrier.wait()
    return seconds
  }

  private func secondsOfGradient() throws -> Double {
    let start = EmulatedCore.threadTime()
    var (count, seconds) = (0, 0.0)
    while count < Self.leastGradients || seconds < Self.leastSeconds {
      try computeGradient()
      count += 1
      seconds = EmulatedCore.threadTime() - start
    }
    return seconds / Double(count)
  }

  private func computeGradient() throws {
    objective.draw()
    _ = try objective.gradient(
      at: worker.parameters, into: GradientTarget(gradient: worker.gradient.pointer, accumulating: false), timer: timer
    ) {}
  }
}
