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

  /// Called after that; returns when all workers' numbers and reports are here.
  func complete() throws

  /// g ← ḡ.
  func averageGradients()

  /// x ← x̄ and, where they travelled, u ← ū; or u ← 0 when `resetMomentum`. With a `step`, all in one pass, then the step
  /// with the gradient of the worker's own model from before.
  func averageModels(resetMomentum: Bool, step: SGDStep?)

  /// Called after either; returns when both stand on all workers, with what the averaging of models told of this one.
  func settle() throws -> SquaredNorms
}

/// What an averaging, and a step from it, tell of a worker.
typealias SquaredNorms = JointUpdate.SquaredNorms
