import Averaging
import Failures
import Kernels
import MessagePassing
import Records
import Training

/// What relates the methods to each other and to serial SGD, on a small problem.
extension Verification {
  private static let steps = 12
  private static let roundingTolerance = 1e-5

  var identities: [() throws -> [Finding]] {
    [
      { [try oneWorkerIsSerialSGD()] }, { [try averagingAfterEveryStepIsParallelSGD()] }, replicasAreTheMean,
      { [try overlappingChangesNoBit()] }, { [try twiceTheSameBits()] },
    ]
  }

  /// - Returns: where a worker diverges, which none does that computes what it should, that.
  func found(by identity: () throws -> [Finding]) throws -> [Finding] {
    do { return try identity() } catch let error as AgreedFailure where error.failure.code == .diverged {
      return [Finding(check: "workers do not diverge", figure: "\(error)", passed: false)]
    }
  }

  /// One worker by itself, beside SGD as one would write it down, in Double but for the gradient.
  private func oneWorkerIsSerialSGD() throws -> Finding {
    let alone = try MPIRuntime.alone()
    let worker = try self.worker(["--interval", "4"], on: alone)
    let serial = try self.worker(["--interval", "4"], on: alone)
    let (objective, optimizer) = (serial.objective, serial.optimizer)
    let rounded = ParameterVector(copying: serial.worker.parameters)
    let gradient = ParameterVector(count: rounded.count)
    var x = rounded.doubles
    var momentum = [Double](repeating: 0, count: x.count)
    let timer = PhaseTimer()
    for _ in 0..<Self.steps {
      try worker.step()
      objective.draw()
      _ = try objective.gradient(
        at: rounded, into: GradientTarget(gradient: gradient.pointer, accumulating: false), timer: timer, poll: {})
      for i in x.indices {
        momentum[i] = optimizer.momentum * momentum[i] + Double(gradient.pointer[i]) + optimizer.weightDecay * x[i]
        x[i] -= optimizer.learningRate * momentum[i]
        rounded.pointer[i] = Float(x[i])
      }
    }
    return .difference(
      try worst(relativeDistance(worker.worker.parameters.doubles, x)), atMost: Self.roundingTolerance,
      "one worker is serial SGD")
  }

  private func averagingAfterEveryStepIsParallelSGD() throws -> Finding {
    let restarted = try worker(["--interval", "1", "--order", "step-first"])
    let parallel = try worker(["--algorithm", "psgd"])
    try train(restarted, parallel)
    return .difference(
      try worst(relativeDistance(restarted.worker.parameters.doubles, parallel.worker.parameters.doubles)),
      atMost: Self.roundingTolerance, "an average after every step is parallel SGD")
  }

  /// Messages that travel while the gradient is computed bring what they bring otherwise.
  private func overlappingChangesNoBit() throws -> Finding {
    let overlapping = try worker(["--interval", "3", "--no-shared-memory"])
    let blocking = try worker(["--interval", "3", "--no-shared-memory", "--no-overlap"])
    try train(overlapping, blocking)
    return try sameBits(overlapping, blocking, "averages that overlap with gradients have the same bits")
  }

  private func twiceTheSameBits() throws -> Finding {
    let (first, second) = (try worker(["--interval", "3"]), try worker(["--interval", "3"]))
    try train(first, second)
    return try sameBits(first, second, "the same run twice has the same bits")
  }

  /// By messages, and as ranks of one node average.
  private func replicasAreTheMean() throws -> [Finding] {
    try [("in shared memory", [String]()), ("by messages", ["--no-shared-memory"])].flatMap { medium, options in
      let worker = try self.worker(
        ["--interval", "2", "--momentum", "0", "--weight-decay", "0", "--learning-rate", "1e-30"] + options)
      var random = RandomSource(seed: 1, purpose: .benchmark, index: communicator.rank)
      let x = worker.worker.parameters
      for i in 0..<x.count { x.pointer[i] += Float(random.nextNormal()) }
      let mean = try communicator.allReduce(x.doubles, .sum).map { $0 / Double(communicator.size) }
      // The second step begins with the average of the models, and its own part is lost in rounding.
      for _ in 0..<2 { try worker.step() }
      try worker.agreeOnStatus()
      let hash = Int64(bitPattern: x.bitHash())
      let differing = Set(try communicator.allGather([hash]).map { $0[0] }).count - 1
      return [
        .difference(
          try worst(relativeDistance(x.doubles, mean)), atMost: Self.roundingTolerance,
          "an average \(medium) is the mean"),
        Finding(
          check: "replicas are equal after an average \(medium)",
          figure: differing == 0 ? "same bits" : "\(differing + 1) different models", passed: differing == 0),
      ]
    }
  }

  private func train(_ workers: Trainer...) throws {
    for worker in workers {
      for _ in 0..<Self.steps { try worker.step() }
      try worker.finish()
      try worker.agreeOnStatus()
    }
  }

  private func sameBits(_ first: Trainer, _ second: Trainer, _ check: String) throws -> Finding {
    let differ = first.worker.parameters.bitHash() != second.worker.parameters.bitHash()
    let complaints = try complaints(differ ? "the models differ" : nil)
    return Finding(
      check: check, figure: complaints.isEmpty ? "same bits" : complaints.joined(separator: "; "),
      passed: complaints.isEmpty)
  }
}

extension ParameterVector {
  fileprivate var doubles: [Double] { elements.map(Double.init) }
}
