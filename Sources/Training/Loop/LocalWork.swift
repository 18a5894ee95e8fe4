import Averaging
import Kernels
import Models
import Persistence
import Records

/// A worker's own part of a step: its stochastic gradient, and the step that it takes by itself.
struct LocalWork {
  let objective: any Objective
  let worker: WorkerState
  let timer: PhaseTimer
  /// Factor by which this worker is artificially slowed; 1 is none.
  let slowdown: Double
  /// What is taken off every gradient.
  let correction: Slot?
  /// To what ‖g‖ is cut before anything is made of it: at once, or where gradients are averaged in the step.
  let clipping: Clipping?
  private let squaredGradient = AlignedBuffer<Double>(count: 1)

  struct Clipping {
    let limit: Float
    let isOfAverage: Bool
  }

  init(
    objective: any Objective, worker: WorkerState, timer: PhaseTimer, slowdown: Double, correction: Slot?,
    clipping: Clipping?
  ) {
    self.clipping = clipping
    self.objective = objective
    self.worker = worker
    self.timer = timer
    self.slowdown = slowdown
    self.correction = correction
  }

  /// A stochastic gradient at the worker's own model.
  func gradient(poll: () throws -> Void) throws -> BatchScore {
    let score = try gradient(
      into: GradientTarget(gradient: worker.gradient.pointer, accumulating: false), poll: poll)
    if let clipping, !clipping.isOfAverage { worker.gradient.clipNorm(to: clipping.limit) }
    if let correction { worker.gradient.add(-1, times: worker[correction]) }
    return score
  }

  /// Whether a gradient can go straight into the step, if nothing comes between.
  var canStepAtOnce: Bool { objective.canStepAtOnce && correction == nil && clipping == nil }

  /// A step whose gradient goes straight into the model.
  /// - Returns: the loss, and ‖g + λx‖² of plain SGD, else 0.
  func gradientAndStep(
    _ step: LocalStep, poll: () throws -> Void
  ) throws -> (score: BatchScore, squaredNorm: Double) {
    squaredGradient.pointer.pointee = 0
    let target = GradientTarget(
      step: step, parameters: worker.parameters.pointer, momentum: worker.momentum?.pointer,
      secondMoment: worker.secondMoment?.pointer, gradient: worker.gradient.pointer,
      squaredNorm: squaredGradient.pointer)
    let score = try gradient(into: target, poll: poll)
    return (score, squaredGradient.pointer.pointee)
  }

  /// A step with the gradient that is there.
  /// - Returns: ‖g + λx‖² of plain SGD, else 0.
  func takeStep(_ step: LocalStep) -> Double {
    if let clipping, clipping.isOfAverage { worker.gradient.clipNorm(to: clipping.limit) }
    return worker.parameters.descend(
      step, gradient: worker.gradient, momentumBuffer: worker.momentum, secondMoment: worker.secondMoment)
  }

  private func gradient(into target: GradientTarget, poll: () throws -> Void) throws -> BatchScore {
    let busyBefore = timer.busySeconds
    let score = try objective.gradient(at: worker.parameters, into: target, timer: timer, poll: poll)
    if slowdown > 1 { try idle(since: busyBefore, poll: poll) }
    timer.enter(.update)
    return score
  }

  /// Waits as long as a slower machine would have computed longer; messages make progress meanwhile.
  private func idle(since busyBefore: Double, poll: () throws -> Void) throws {
    timer.enter(.slowdown)
    try timer.waitUntil(timer.ownTime + (slowdown - 1) * (timer.busySeconds - busyBefore), poll: poll)
  }
}
