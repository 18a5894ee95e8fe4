/// What the options that all methods share say, and what is known of the run: what a method may be made of.
public struct MethodSettings: Sendable {
  /// When workers exchange, by `--interval`.
  public var schedule: any Schedule = FixedInterval(8)
  public var order = StepOrder.averageFirst
  /// Whether the averaging of `averageFirst` runs while the gradient is computed.
  public var overlaps = true
  /// Nil: what the method prefers.
  public var momentum: MomentumPolicy?
  public var weights = AveragingWeights.equal
  /// Whether the local steps are in proportion to gradients: those of AdamW are not.
  public var stepsAreProportional = true
  /// N.
  public var workers = 1
  /// T, and the steps of an epoch.
  public var steps = 1000
  public var stepsPerEpoch = 100
  /// L, where it is known.
  public var smoothness: Double?
  /// a and b of Algorithm 2.
  public var intervalScale = 1.0
  public var rateScale = 1.0
  /// n_i / B_i, rounded up: steps of a pass over each worker's shard.
  public var stepsPerShard: [Int] = [100]
  public var seed: UInt64 = 1
  /// Where each of the model's tensors lies in the flat vector.
  public var segments: [Range<Int>] = []
  /// γ of the first step after a warm-up, the epochs of that, and the epoch at which γ first falls, if it does.
  public var learningRate = 0.05
  public var warmup = 0.0
  public var firstFall: Double?

  public init() {}

  /// I, where it is one number.
  public var interval: Int { schedule.interval ?? 1 }
}

/// The order of a round's last step and its average.
public enum StepOrder: String, CaseIterable, Sendable {
  case averageFirst = "average-first"
  case stepFirst = "step-first"
}
