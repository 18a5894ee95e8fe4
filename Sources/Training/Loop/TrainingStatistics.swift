import Averaging
import Kernels
import MessagePassing
import Models
import Persistence

/// What a worker counts while it trains, for the records.
public struct TrainingStatistics: Persistent {
  /// Σ over the samples of all batches since the last evaluation.
  public internal(set) var localScore = BatchScore()
  public internal(set) var localSamples = 0
  /// Ĝ²: the largest ‖g + λx‖² of a step so far; 0 with momentum.
  public internal(set) var largestSquaredGradient = 0.0
  /// The most steps that a worker took in the last round.
  public internal(set) var longestInterval = 0
  /// Samples of all workers' gradients up to the last exchange.
  public internal(set) var exchangedSamples = 0
  /// Σ of the losses of the batches of this round.
  var roundLoss = 0.0
  /// τ of this worker in each round since it was last taken, where workers may differ.
  private var realisedSteps: [Int] = []

  /// Begins after samples that were used before.
  mutating func begin(afterSamples samples: Int) { exchangedSamples = samples }

  mutating func note(_ score: BatchScore, samples: Int) {
    localScore += score
    localSamples += samples
    roundLoss += score.loss
  }

  mutating func noteSquaredGradient(_ value: Double) { largestSquaredGradient = max(largestSquaredGradient, value) }

  mutating func noteRound(_ reports: RoundReports, ownSteps: Int?) {
    longestInterval = reports.longestInterval
    exchangedSamples += reports.samples
    roundLoss = 0
    if let ownSteps { realisedSteps.append(ownSteps) }
  }

  /// The local score since the last call, which it forgets.
  mutating func takeLocalScore() -> (score: BatchScore, samples: Int) {
    defer { (localScore, localSamples) = (BatchScore(), 0) }
    return (localScore, localSamples)
  }

  /// τ_i of all workers in each round since the last call, which it forgets; every rank must ask together.
  mutating func takeRealisedSteps(_ communicator: Communicator) throws -> [[Int]] {
    defer { realisedSteps.removeAll(keepingCapacity: true) }
    let all = try communicator.allGather(realisedSteps.map(Int64.init))
    return realisedSteps.indices.map { round in all.map { Int($0[round]) } }
  }

  public mutating func visit(_ state: inout StateVisitor) throws {
    try state.visit(&localScore)
    try state.visit(&localSamples)
    try state.visit(&largestSquaredGradient)
    try state.visit(&longestInterval)
    try state.visit(&exchangedSamples)
    try state.visit(&roundLoss)
    try state.visit(&realisedSteps)
  }
}
