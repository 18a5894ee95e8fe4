import Averaging
import Datasets
import Kernels
import MessagePassing

/// How good a model is.
public struct Score: Equatable, Sendable {
  /// Mean over samples, without weight decay.
  public let loss: Double
  /// The share of samples predicted right.
  public let accuracy: Double
}

/// Which running statistics of batch normalisation the average model is evaluated and saved with.
public enum StatisticsPolicy: String, CaseIterable, Sendable {
  /// The mean over the workers. No gradient ever uses running statistics, and they follow the batches by a linear
  /// recursion, so that to average them here is to have averaged them in every round.
  case average
  /// Each worker's own; saved are those of rank 0.
  case local
  /// Found anew for the average model, on some batches of each shard, and averaged.
  case recompute
}

/// Evaluates the average model, all workers together: each on its own part of the data.
public final class Evaluator {
  /// x̄, as of the last `averageModels`.
  public let average: ParameterVector

  /// The statistics that go with it.
  public let statistics: ParameterVector
  public var statisticsPolicy = StatisticsPolicy.average
  /// Which of this worker's training samples are evaluated, by their places in the shard; nil: all. They stay the same for
  /// a run, so that its evaluations can be compared.
  public var trainingSample: [Int32]?

  private let objective: any Objective
  private let communicator: Communicator
  /// The worker's own, while others are in their place.
  private let ownStatistics: ParameterVector
  /// For the gradient of f, where it is asked for.
  private var gradient: ParameterVector?

  public init(objective: any Objective, communicator: Communicator) {
    self.objective = objective
    self.communicator = communicator
    average = ParameterVector(count: objective.parameterCount)
    statistics = ParameterVector(count: objective.statistics.count)
    ownStatistics = ParameterVector(count: objective.statistics.count)
  }

  /// average ← the model that stands for all, x̄ = (1/N) Σ x_i where the update names no other, and the statistics that
  /// go with it; the workers' own stay as they are.
  public func averageModels(_ trainer: Trainer) throws {
    let (worker, update) = (trainer.worker, trainer.method.update)
    switch update.result {
    case .meanOfWorkers:
      average.copy(from: worker.parameters)
      // The sum of N equal numbers, divided by N, need not be that number.
      if update.moment != .onGradient { try mean(average) }
    case .meanOf(let slot):
      average.copy(from: worker[slot])
      try mean(average)
    case .common(let slot): try trainer.averager.assemble(worker[slot], into: average)
    }
    try settleStatistics()
  }

  /// The mean of what the workers hold; every rank must ask together.
  func mean(of vector: ParameterVector) throws -> ParameterVector {
    let copy = ParameterVector(count: vector.count)
    copy.copy(from: vector)
    try mean(copy)
    return copy
  }

  private func mean(_ vector: ParameterVector) throws {
    try communicator.allReduce(vector.elements, .sum)
    vector.scale(by: 1 / Float(communicator.size))
  }

  private func settleStatistics() throws {
    statistics.copy(from: objective.statistics)
    guard statistics.count > 0, statisticsPolicy != .local else { return }
    if statisticsPolicy == .recompute {
      try withStatistics {
        try objective.gatherStatistics(at: average)
        statistics.copy(from: objective.statistics)
      }
    }
    try mean(statistics)
  }

  /// Runs `body` with `statistics` in place of the worker's own, which training then goes on with.
  private func withStatistics<Result>(_ body: () throws -> Result) rethrows -> Result {
    ownStatistics.copy(from: objective.statistics)
    objective.statistics.copy(from: statistics)
    defer { objective.statistics.copy(from: ownStatistics) }
    return try body()
  }

  /// Score of the average model over all ranks, on the training data over `trainingSample`; nil where there are no samples.
  public func score(_ part: DatasetPart) throws -> Score? {
    let own = try withStatistics {
      if part == .training, let trainingSample { return try objective.score(samples: trainingSample, at: average) }
      return try objective.score(part, at: average)
    }
    let sums = try communicator.allReduce([own.loss, own.correct, own.samples], .sum)
    return sums[2] > 0 ? Score(loss: sums[0] / sums[2], accuracy: sums[1] / sums[2]) : nil
  }

  /// ‖∇f(x̄)‖² over all training samples of all workers, with λx̄ added to the gradient.
  public func squaredGradientNorm(weightDecay: Double) throws -> Double {
    let gradient = gradient ?? ParameterVector(count: objective.parameterCount)
    self.gradient = gradient
    try objective.fullGradient(at: average, into: gradient)
    try communicator.allReduce(gradient.elements, .sum)
    let samples = try communicator.allReduce(Double(objective.sampleCount), .sum)
    gradient.scale(by: Float(1 / samples))
    gradient.add(Float(weightDecay), times: average)
    return gradient.squaredNorm()
  }
}
