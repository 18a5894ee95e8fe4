import Averaging

extension Trainer {
  /// What decides how a worker trains.
  public struct Configuration: Sendable {
    public var method: Method
    /// Its rate is that of the first step.
    public var optimizer: LocalOptimizer
    /// γ over the run, where it is more than the optimizer's one rate and the method's schedule sets none.
    public var learningRate: LearningRate?
    /// What the norm of a gradient is cut to: the worker's own, or the average where gradients are averaged.
    public var clipNorm: Double?
    /// Whether AdamW's decay spares what is no matrix: biases, and scales of normalisations.
    public var decaysMatricesOnly = false
    /// Factor by which this worker is artificially slowed; 1 is none.
    public var slowdown = 1.0
    /// Machines whose times the run is to have, in place of those that it runs on.
    public var emulation: Emulation?
    /// Whether an average that breaks the deviation lemma ends the run; for plain SGD.
    public var checksTheory = false

    public init(method: Method, optimizer: LocalOptimizer) {
      self.method = method
      self.optimizer = optimizer
    }
  }
}
