import Kernels

/// The average that an exchange ended with, over the part of the vectors that this rank writes: of its own replica, or its
/// slice of every replica. An update applies it; what that writes is the same by either transport.
public struct Average {
  public let reports: RoundReports
  let pass: JointUpdate
  let range: Range<Int>
  /// What the sum over the sources is multiplied by.
  let factor: Float
  let progress: JointUpdate.Progress?
  /// Those that are written, and what is common to all.
  let replicas: [WorkerVectors]
  let worker: WorkerState
  let carriesMomentum: Bool
  /// Whether a replica's worker took steps in the round.
  let tookPart: AlignedBuffer<Bool>

  private var anchor: ParameterVector? { worker.has(.anchor) ? worker[.anchor] : nil }

  /// What becomes of the moments by `policy`.
  private func rule(_ policy: MomentumPolicy) -> JointUpdate.MomentumRule {
    switch policy {
    case .average: carriesMomentum ? .average : .keep
    case .local: .keep
    case .reset: .reset
    }
  }

  /// g ← ḡ.
  public func assignGradients() { pass.averageGradients(range, factor) }

  /// x ← x̄, and the moments by `policy`; with a `step`, all in one pass, then the step with the gradient of the worker's
  /// own model from before.
  public func assign(_ policy: MomentumPolicy, andStep step: LocalStep? = nil) {
    pass.averageModels(range, factor, momentum: rule(policy), step: step, progress: progress, anchor: anchor)
  }

  /// The same without a step, and with a rule that may put another model in the place of x̄ and change the method's slots.
  /// - Parameters:
  ///   - assigningModels: whether workers take the model in the end; else `rule` writes theirs.
  ///   - rule: called once a block of a few SIMD vectors.
  public func assign(_ policy: MomentumPolicy, assigningModels: Bool = true, _ rule: (AverageBlock) -> Void) {
    pass.averageModels(
      range, factor, momentum: self.rule(policy), progress: progress, anchor: anchor, assigns: assigningModels
    ) { block in rule(AverageBlock(block: block, average: self)) }
  }
}

/// A few SIMD vectors of an average, and the same part of everything else: loops over `indices` are plain arithmetic.
public struct AverageBlock {
  public typealias Vectors = JointUpdate.Vectors
  public typealias Lanes = JointUpdate.Lanes

  let block: JointUpdate.Block
  let average: Average

  /// Of SIMD vectors.
  public var indices: Range<Int> { 0..<block.count }
  /// x̄, and in the end what the workers take.
  public var mean: Vectors { block.mean }
  /// Workers whose vectors are written.
  public var workers: Range<Int> { 0..<average.replicas.count }

  /// A slot common to all.
  public subscript(slot: Slot) -> Vectors { block.part(of: average.worker[slot]) }
  /// A worker's own slot.
  public subscript(slot: Slot, worker: Int) -> Vectors { block.part(of: average.replicas[worker][slot]) }
  /// Whether a worker took steps in the round.
  public func tookPart(_ worker: Int) -> Bool { average.tookPart[worker] }
  /// x_i.
  public func model(_ worker: Int) -> Vectors { block.part(of: average.replicas[worker].parameters) }
}
