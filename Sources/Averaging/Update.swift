import Kernels

/// How the result of an exchange is applied: a value; what it remembers lies in slots.
public protocol Update: Sendable {
  /// When an exchange takes place within the step that ends a round.
  var moment: Moment { get }
  /// Whether the exchange may run while the gradient of that step is computed; of `beforeStep`.
  var overlaps: Bool { get }
  /// When the result is applied.
  var delay: Delay { get }
  /// What becomes of the momentum buffers.
  var momentum: MomentumPolicy { get }
  /// What it keeps from round to round.
  var slots: [Slot] { get }
  /// Whether the arithmetic holds only where all workers that take part in a round take the same number of steps.
  var wantsEqualSteps: Bool { get }
  /// What is taken off every local gradient.
  var correction: Slot? { get }
  /// The model that is evaluated and saved.
  var result: EvaluatedModel { get }

  /// Applies the average.
  /// - Parameters:
  ///   - round: the round that the exchange ended.
  ///   - step: of `beforeStep`: the worker's own step, unless it diverged.
  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?)

  /// Fills slots of the worker's own with what is to travel; called before every exchange.
  func prepare(_ worker: WorkerState, _ round: EndedRound)

  /// Called before each local step of a worker, the one numbered `step` from 0, with the model that it begins at.
  func follow(_ worker: WorkerState, step: Int)
}

/// When an exchange takes place within the step that ends a round.
public enum Moment: Sendable {
  /// Models from before the step are exchanged, and the step is taken from their average: equation 2.
  case beforeStep
  /// The gradients of the step are.
  case onGradient
  /// The models that the step led to are.
  case afterStep
}

/// When the result of an exchange is applied.
public enum Delay: Equatable, Sendable {
  /// In the step that ended the round.
  case none
  /// So many local steps later, within the next round.
  case steps(Int)
  /// At the end of the next round.
  case round
}

/// The model that stands for all workers where one is asked for.
public enum EvaluatedModel: Equatable, Sendable {
  /// (1/N) Σ x_i.
  case meanOfWorkers
  /// The mean over the workers of a slot of theirs.
  case meanOf(Slot)
  /// What all have in common.
  case common(Slot)
}

/// What happens to the momentum buffers, or to both moments of Adam, when models are averaged.
public enum MomentumPolicy: String, CaseIterable, Sendable {
  /// They are averaged like the models, at the same moment (Yu, Jin, Yang, ICML 2019).
  case average
  /// Each worker keeps its own.
  case local
  /// They start again from zero.
  case reset
}

/// What an update may know of the round that ends.
public struct EndedRound: BitwiseCopyable, Sendable {
  /// Rounds ended before.
  public var index = 0
  /// k: the worker's own local steps in it.
  public var steps = 0
  /// γ of its last step.
  public var learningRate = 0.0
  /// How far a gradient moves the model in the long run, over γ: 1/(1 − β) with momentum.
  public var reach = 1.0

  public init() {}
}

extension Update {
  public var moment: Moment { .afterStep }
  public var overlaps: Bool { false }
  public var delay: Delay { .none }
  public var slots: [Slot] { [] }
  public var wantsEqualSteps: Bool { moment != .afterStep || delay != .none }
  public var correction: Slot? { nil }
  public var result: EvaluatedModel { .meanOfWorkers }
  public func prepare(_ worker: WorkerState, _ round: EndedRound) {}
  public func follow(_ worker: WorkerState, step: Int) {}
}
