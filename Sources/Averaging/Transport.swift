import Kernels

/// How the averages of all workers' numbers come about.
protocol Transport: AnyObject {
  /// Whether all workers' vectors lie in memory that they share. An exchange then takes the gradients along, and begins
  /// when they are there; otherwise numbers travel between `begin` and `complete`, and a gradient may be computed meanwhile.
  var sharesMemory: Bool { get }

  /// Called when a worker's numbers are ready; until `complete` they must not change.
  /// - Parameter own: goes to all with them.
  func begin(_ own: WorkerReport) throws

  /// Lets what is under way make progress.
  func poll() throws

  /// Returns when all workers have begun.
  func awaitArrival() throws

  /// Called after that; returns when all workers' numbers are here.
  /// - Parameter reports: gets what all sent.
  func complete(_ reports: WorkerReports) throws

  /// g ← ḡ.
  func averageGradients(_ reports: WorkerReports) throws

  /// Applies the average of the models to the worker.
  func averageModels(_ reports: WorkerReports, _ application: AverageApplication) throws -> SquaredNorms
}

/// What an averaging and a step tell of a worker.
public struct SquaredNorms {
  /// ‖x̄ − x_i‖² before.
  public var deviation = 0.0
  /// ‖g + λx‖² of plain SGD's step, 0 with momentum or without a step.
  public var gradient = 0.0

  static func += (sum: inout SquaredNorms, other: SquaredNorms) {
    sum.deviation += other.deviation
    sum.gradient += other.gradient
  }
}

/// How an average is applied: x ← x̄ and, where they travelled, u ← ū, or u ← 0; and with a step, all in one pass, less
/// the step with the gradient of the worker's own model from before.
struct AverageApplication {
  let resetMomentum: Bool
  let step: SGDStep?

  /// - Parameters:
  ///   - worker: its vectors, or the same part of each.
  ///   - factor: times the sums it is the means.
  func apply(
    to worker: WorkerVectors, _ factor: Float, of sum: ParameterVector, momentumSum: ParameterVector?
  ) -> SquaredNorms {
    let (x, g) = (worker.parameters, worker.gradient)
    if resetMomentum { worker.momentum?.setToZero() }
    let momentumSum = resetMomentum ? nil : momentumSum
    guard let step else {
      if let momentumSum { _ = worker.momentum?.assign(factor, times: momentumSum) }
      return SquaredNorms(deviation: x.assign(factor, times: sum))
    }
    guard let momentum = worker.momentum else {
      let squares = x.descend(step, gradient: g, fromMean: factor, of: sum)
      return SquaredNorms(deviation: squares.squaredDeviation, gradient: squares.squaredNorm)
    }
    return SquaredNorms(
      deviation: x.descend(
        step, gradient: g, momentumBuffer: momentum, fromMean: factor, of: sum, momentumSum: momentumSum))
  }
}
