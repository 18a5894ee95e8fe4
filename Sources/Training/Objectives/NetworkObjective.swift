import Datasets
import Kernels
import Models
import Persistence
import Records

/// The mean loss of a network on a worker's shard.
public final class NetworkObjective: Objective {
  /// ε of the labels in stochastic gradients and their losses; scores and full gradients know nothing of it.
  public var labelSmoothing: Float = 0

  private let network: Network
  private let training: Shard
  private let test: Shard?
  private let batches: BatchGatherer
  private let layout: BatchLayout
  /// For evaluations of some samples.
  private lazy var gatherer = RowGatherer(
    training, maximumRows: network.evaluationBatch,
    leavesInPlace: network.takesScatteredRows || training.format.isSequence)

  /// - Parameter batches: of `training`, gathered in pieces of at most the network's largest batch.
  public init(network: Network, training: Shard, test: Shard?, batches: BatchGatherer) {
    self.network = network
    self.training = training
    self.test = test
    self.batches = batches
    layout = BatchLayout(
      training.format, maximumSamples: max(network.maximumBatch, network.evaluationBatch))
  }

  public var parameterCount: Int { network.parameterCount }
  public var segments: [Range<Int>] {
    let starts = Set(network.tensors.map(\.offset)).sorted()
    return zip(starts, starts.dropFirst() + [parameterCount]).map { $0..<$1 }
  }
  public var matrices: [Range<Int>] {
    network.tensors.filter { $0.shape.count > 1 }.map { $0.offset..<$0.offset + $0.count }
  }
  public var batchSize: Int { batches.batchSize }
  public var targetsOfSample: Int { network.positions }
  public var sampleCount: Int { training.count }
  public var testSampleCount: Int { test?.count ?? 0 }
  public var sampleBytes: Int { training.bytes + (test?.bytes ?? 0) }
  public var canStepAtOnce: Bool { batchSize <= network.maximumBatch }
  public var constants: ObjectiveConstants { ObjectiveConstants() }
  public var statistics: ParameterVector { network.statistics }

  public func initialize(_ parameters: ParameterVector, seed: UInt64) {
    network.initialize(parameters, seed: seed)
  }

  public func draw() { batches.drawBatch() }

  public func gradient(
    at x: ParameterVector, into target: GradientTarget, timer: PhaseTimer, poll: Network.Poll
  ) throws -> BatchScore {
    var score = BatchScore()
    // A batch is worked through in pieces that fit the network's activations.
    let upcoming = canStepAtOnce ? batches.upcoming : nil
    for start in stride(from: 0, to: batchSize, by: network.maximumBatch) {
      timer.enter(.data)
      let (samples, labels) = batches.gather(start..<min(start + network.maximumBatch, batchSize))
      let batch = layout.batch(samples, labels: labels)
      network.randomness.position = batches.position + start
      timer.enter(.forward)
      score += try network.forward(
        x, batch.input, labels: batch.targets, scale: 1 / Float(batchSize * network.positions),
        smoothing: labelSmoothing, poll: poll)
      guard score.loss.isFinite else { break }
      timer.enter(.backward)
      try network.backward(
        x, batch.input, target: start == 0 ? target : target.accumulating, upcoming: upcoming, poll: poll)
    }
    return score
  }

  public func score(_ part: DatasetPart, at x: ParameterVector) throws -> PartialScore {
    guard let shard = part == .training ? training : test else { return PartialScore() }
    var total = BatchScore()
    try layout.forEachBatch(of: shard, samples: network.evaluationBatch) { batch in
      total += try network.evaluate(x, batch.input, labels: batch.targets)
    }
    return partialScore(total, samples: shard.count)
  }

  public func score(samples: [Int32], at x: ParameterVector) throws -> PartialScore {
    var total = BatchScore()
    for start in stride(from: 0, to: samples.count, by: network.evaluationBatch) {
      let (input, labels) = gatherer.gather(samples[start..<min(start + network.evaluationBatch, samples.count)])
      let batch = layout.batch(input, labels: labels)
      total += try network.evaluate(x, batch.input, labels: batch.targets)
    }
    return partialScore(total, samples: samples.count)
  }

  private func partialScore(_ total: BatchScore, samples: Int) -> PartialScore {
    PartialScore(
      loss: total.loss, correct: Double(total.correct), samples: Double(samples * network.positions))
  }

  public func fullGradient(at x: ParameterVector, into gradient: ParameterVector) throws {
    gradient.setToZero()
    let target = GradientTarget(gradient: gradient.pointer, accumulating: true)
    try layout.forEachBatch(of: training, samples: network.maximumBatch) { batch in
      _ = try network.forward(x, batch.input, labels: batch.targets, scale: 1 / Float(network.positions))
      try network.backward(x, batch.input, target: target)
    }
  }

  /// Batches that statistics are found on at most: a mean over so many hardly moves any more.
  private static let statisticsBatches = 64

  public func gatherStatistics(at x: ParameterVector) throws {
    var batches = 0
    try layout.forEachBatch(of: training, samples: network.maximumBatch) { batch in
      // Short ones at the end would count as much as the others.
      let isWhole = batch.input.rows == network.maximumBatch * network.positions
      guard batches < Self.statisticsBatches, isWhole || batches == 0 else { return }
      batches += 1
      _ = try network.predict(x, batch.input, mode: .gathering(part: 1 / Float(batches)))
    }
  }

  public func visit(_ state: inout StateVisitor) throws {
    try batches.visit(&state)
    try state.visit(numbers: network.statistics.elements)
  }
}
