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

/// Evaluates the average model, all workers together: each on its own part of the data.
public final class Evaluator {
  /// x̄, as of the last `averageModels`.
  public let average: ParameterVector

  private let objective: any Objective
  private let communicator: Communicator
  /// For the gradient of f, where it is asked for.
  private var gradient: ParameterVector?

  public init(objective: any Objective, communicator: Communicator) {
    self.objective = objective
    self.communicator = communicator
    average = ParameterVector(count: objective.parameterCount)
  }

  /// average ← x̄ = (1/N) Σ x_i; the workers' models stay as they are.
  public func averageModels(_ worker: WorkerState, replicasAreEqual: Bool) throws {
    average.copy(from: worker.parameters)
    // The sum of N equal numbers, divided by N, need not be that number.
    if replicasAreEqual { return }
    try communicator.allReduce(average.elements, .sum)
    average.scale(by: 1 / Float(communicator.size))
  }

  /// Score of the average model over all ranks; nil where there are no samples.
  public func score(_ part: DatasetPart) throws -> Score? {
    let own = try objective.score(part, at: average)
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
