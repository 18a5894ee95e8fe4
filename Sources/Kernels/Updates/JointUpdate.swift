import CHost

/// The averaging of several workers' vectors, and what becomes of the average, in one pass over memory.
///
/// What is summed (`sources`) and what is written (`replicas`) need not be the same: where workers share memory each rank
/// sums all workers' vectors over a part of them and writes that part for all; where sums travel the one source is
/// the sum that arrived, and the one replica the worker's own. The arithmetic is written once for both.
///
/// A pass goes block by block: the means of a block are formed in memory that stays in the first-level cache, then each
/// replica takes them.
public struct JointUpdate: @unchecked Sendable {
  public typealias Lanes = SIMD16<Float>
  public typealias Vectors = UnsafeMutablePointer<Lanes>

  /// What becomes of the momentum buffers, or of both moments of Adam.
  public enum MomentumRule: Sendable {
    case average, keep, reset
  }

  /// What is summed of one worker: numbers, and its moments where they travel.
  public struct Source {
    public let model: ParameterVector
    public let momentum: ParameterVector?
    public let secondMoment: ParameterVector?

    public init(
      _ model: ParameterVector, momentum: ParameterVector? = nil, secondMoment: ParameterVector? = nil
    ) {
      self.model = model
      self.momentum = momentum
      self.secondMoment = secondMoment
    }

    /// The model first.
    public var all: [ParameterVector] { [model] + [momentum, secondMoment].compactMap { $0 } }
  }

  /// What is written of one worker.
  public struct Replica {
    let parameters: ParameterVector
    let momentum: ParameterVector?
    let secondMoment: ParameterVector?
    let gradient: ParameterVector

    public init(
      parameters: ParameterVector, momentum: ParameterVector?, secondMoment: ParameterVector? = nil,
      gradient: ParameterVector
    ) {
      self.parameters = parameters
      self.momentum = momentum
      self.secondMoment = secondMoment
      self.gradient = gradient
    }

    var all: [ParameterVector] { [parameters, gradient] + [momentum, secondMoment].compactMap { $0 } }
  }

  /// What a pass tells of a replica.
  public struct SquaredNorms: BitwiseCopyable, Sendable {
    /// ‖x̄ − x_i‖² before.
    public var deviation = 0.0
    /// ‖g + λx‖² of plain SGD's step, 0 with moments or without a step.
    public var gradient = 0.0

    public init() {}

    public static func += (sum: inout SquaredNorms, other: SquaredNorms) {
      sum.deviation += other.deviation
      sum.gradient += other.gradient
    }
  }

  let sources: [Source]
  let replicas: [Replica]
  let sourceModels: AlignedBuffer<Vectors>
  let sourceMomenta: AlignedBuffer<Vectors>
  /// None where no second moments travel.
  let sourceSecondMoments: AlignedBuffer<Vectors>?
  private let modelFactors: AlignedBuffer<Float>
  private let momentumFactors: AlignedBuffer<Float>
  let squares: AlignedBuffer<SquaredNorms>
  /// Of the block under way.
  let mean = AlignedBuffer<Lanes>(count: Reductions.block)
  let meanMomentum = AlignedBuffer<Lanes>(count: Reductions.block)
  let meanSecondMoment = AlignedBuffer<Lanes>(count: Reductions.block)

  /// All vectors are of one length.
  public init(sources: [Source], replicas: [Replica]) {
    self.sources = sources
    self.replicas = replicas
    sourceModels = AlignedBuffer(sources.map(\.model.vectors))
    sourceMomenta = AlignedBuffer(sources.map { ($0.momentum ?? $0.model).vectors })
    let secondMoments = sources.compactMap { $0.secondMoment?.vectors }
    precondition(secondMoments.isEmpty || secondMoments.count == sources.count)
    sourceSecondMoments = secondMoments.isEmpty ? nil : AlignedBuffer(secondMoments)
    modelFactors = AlignedBuffer(sources.map { _ in Float(1) })
    momentumFactors = AlignedBuffer(sources.map { _ in Float(1) })
    squares = AlignedBuffer(count: replicas.count)
    let count = sources[0].model.vectorCount
    precondition(sources.allSatisfy { $0.model.vectorCount == count })
    precondition(replicas.allSatisfy { $0.all.allSatisfy { $0.vectorCount == count } })
  }

  /// The SIMD vectors of part `part` of `parts` equal parts of `range`, which counts SIMD vectors too.
  public static func slice(_ range: Range<Int>, part: Int, of parts: Int) -> Range<Int> {
    range.lowerBound + part * range.count / parts..<range.lowerBound + (part + 1) * range.count / parts
  }

  /// Reads all that a pass over `range` will read: the system takes some time to map memory at first.
  public func touch(_ range: Range<Int>) {
    let numbers = range.lowerBound * Lanes.scalarCount..<range.upperBound * Lanes.scalarCount
    for vector in sources.map(\.model) + replicas.flatMap(\.all) { _ = vector.slice(numbers).squaredNorm() }
  }

  /// How much the numbers and the moments of `source` count in the sums of the next pass; 1 unless set.
  public func setFactors(_ source: Int, model: Float, momentum: Float) {
    modelFactors[source] = model
    momentumFactors[source] = momentum
  }

  /// What the last pass tells of `replica`.
  public func squares(_ replica: Int) -> SquaredNorms { squares[replica] }

  // MARK: Passes

  /// g ← a Σ factor · source in all replicas.
  public func averageGradients(_ range: Range<Int>, _ a: Float) {
    forEachBlock(range) { block in
      formMean(block, a)
      for replica in replicas {
        (replica.gradient.vectors + block.lowerBound).update(from: mean.pointer, count: block.count)
      }
    }
  }

  /// How x̄ is formed relative to x₀, the model that the round began with: x̄ = x₀ + a τ Σ factor · (x − x₀).
  public struct Progress {
    let anchor: ParameterVector
    let steps: Float
    let sourcesAreRelative: Bool

    /// - Parameters:
    ///   - steps: τ.
    ///   - sourcesAreRelative: whether x₀ has been taken off the sources already.
    public init(from anchor: ParameterVector, steps: Float, sourcesAreRelative: Bool) {
      self.anchor = anchor
      self.steps = steps
      self.sourcesAreRelative = sourcesAreRelative
    }
  }

  /// x ← x̄ = a Σ factor · source in all replicas, and u by its rule, ū being a Σ factor · u, as every moment; with a step,
  /// plus the step at the replica's own model from before, with the gradient of that model and the moments as they now are.
  ///
  /// - Parameters:
  ///   - range: in SIMD vectors.
  ///   - anchor: becomes x̄ as well.
  public func averageModels(
    _ range: Range<Int>, _ a: Float, momentum: MomentumRule, step: LocalStep? = nil, progress: Progress? = nil,
    anchor: ParameterVector? = nil
  ) {
    squares.elements.update(repeating: SquaredNorms())
    if let step, progress == nil, anchor == nil, isOneSum {
      return forEachBlock(range) { block in
        for replica in replicas.indices { takeStep(block, replica, momentum, step, scale: a) }
      }
    }
    forEachBlock(range) { block in
      formMeans(block, a, momentum, progress)
      if let anchor { (anchor.vectors + block.lowerBound).update(from: mean.pointer, count: block.count) }
      for replica in replicas.indices {
        if let step {
          takeStep(block, replica, momentum, step)
        } else {
          takeMomentum(block, replica, momentum)
          addDeviation(block, of: replica, taking: true)
        }
      }
    }
  }

  /// The same without a step, and with a rule that may put another model in the place of x̄ and change vectors of its own.
  ///
  /// - Parameters:
  ///   - assigns: whether the replicas take the model; else it is the rule that writes them.
  ///   - rule: called once a block.
  public func averageModels(
    _ range: Range<Int>, _ a: Float, momentum: MomentumRule, progress: Progress? = nil, anchor: ParameterVector? = nil,
    assigns: Bool, rule: (Block) -> Void
  ) {
    squares.elements.update(repeating: SquaredNorms())
    forEachBlock(range) { block in
      formMeans(block, a, momentum, progress)
      for replica in replicas.indices { addDeviation(block, of: replica) }
      rule(Block(start: block.lowerBound, count: block.count, mean: mean.pointer))
      if let anchor { (anchor.vectors + block.lowerBound).update(from: mean.pointer, count: block.count) }
      for replica in replicas.indices {
        takeMomentum(block, replica, momentum)
        if assigns { take(block, replica) }
      }
    }
  }

  /// A few SIMD vectors of a pass, at the same place of every vector.
  public struct Block {
    let start: Int
    /// How many SIMD vectors.
    public let count: Int
    /// x̄, which a rule may replace.
    public let mean: Vectors

    /// The block's part of `vector`.
    @inline(__always)
    public func part(of vector: ParameterVector) -> Vectors { vector.vectors + start }
  }

  /// Whether the one source needs no more than the factor of all to be the mean, which then takes no memory of its own.
  private var isOneSum: Bool { sources.count == 1 && modelFactors[0] == 1 && momentumFactors[0] == 1 }

  private func forEachBlock(_ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Reductions.block) {
      body(start..<min(start + Reductions.block, range.upperBound))
    }
  }

  // MARK: Means

  private func formMean(_ block: Range<Int>, _ a: Float, _ progress: Progress? = nil) {
    let result = mean.pointer - block.lowerBound
    guard let progress else { return form(block, a, sourceModels.pointer, modelFactors.pointer, into: result) }
    form(block, 1, sourceModels.pointer, modelFactors.pointer, into: result)
    applyProgress(progress, a, block, result)
  }

  private func formMeans(_ block: Range<Int>, _ a: Float, _ momentum: MomentumRule, _ progress: Progress?) {
    formMean(block, a, progress)
    guard momentum == .average else { return }
    formMeanMoment(block, a, sourceMomenta, into: meanMomentum)
    if let sourceSecondMoments { formMeanMoment(block, a, sourceSecondMoments, into: meanSecondMoment) }
  }

  private func formMeanMoment(
    _ block: Range<Int>, _ a: Float, _ sources: AlignedBuffer<Vectors>, into mean: AlignedBuffer<Lanes>
  ) {
    form(block, a, sources.pointer, momentumFactors.pointer, into: mean.pointer - block.lowerBound)
  }

  /// Numbers of a source, or a moment that travels along.
  public enum Part: Int, CaseIterable, Sendable { case model, momentum, secondMoment }

  /// sum ← Σ factor · source over `range`, of one part; `relativeTo` x₀, Σ factor · (source − x₀).
  /// - Parameter sum: where that of the first SIMD vector of `range` goes.
  public func sum(_ part: Part, _ range: Range<Int>, relativeTo anchor: ParameterVector? = nil, into sum: Vectors) {
    let result = sum - range.lowerBound
    switch part {
    case .model: form(range, 1, sourceModels.pointer, modelFactors.pointer, into: result)
    case .momentum: form(range, 1, sourceMomenta.pointer, momentumFactors.pointer, into: result)
    case .secondMoment: form(range, 1, sourceSecondMoments!.pointer, momentumFactors.pointer, into: result)
    }
    if let anchor { takeOff(anchor, range, result) }
  }

  /// a Σ factor · vector over the sources. The next block is asked for meanwhile: blocks are too short for the processor to
  /// see where reading goes on.
  private func form(
    _ block: Range<Int>, _ a: Float, _ vectors: UnsafePointer<Vectors>, _ factors: UnsafePointer<Float>,
    into result: Vectors
  ) {
    let count = sourceModels.count
    for i in block {
      var sum = factors[0] * vectors[0][i]
      chost_prefetch(vectors[0] + (i &+ Reductions.block))
      for source in 1..<count {
        sum.addProduct(Lanes(repeating: factors[source]), vectors[source][i])
        chost_prefetch(vectors[source] + (i &+ Reductions.block))
      }
      result[i] = a * sum
    }
  }

  private func applyProgress(_ progress: Progress, _ a: Float, _ block: Range<Int>, _ result: Vectors) {
    if !progress.sourcesAreRelative { takeOff(progress.anchor, block, result) }
    let (point, scale) = (progress.anchor.vectors, a * progress.steps)
    for i in block { result[i] = point[i] + scale * result[i] }
  }

  /// Σ factor · (source − x₀) from Σ factor · source.
  private func takeOff(_ anchor: ParameterVector, _ block: Range<Int>, _ result: Vectors) {
    let (point, factors) = (anchor.vectors, modelFactors.pointer)
    for i in block {
      for source in 0..<sourceModels.count { result[i].addProduct(Lanes(repeating: -factors[source]), point[i]) }
    }
  }
}
