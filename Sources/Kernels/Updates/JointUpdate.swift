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

  private let sources: [Source]
  private let replicas: [Replica]
  private let sourceModels: AlignedBuffer<Vectors>
  private let sourceMomenta: AlignedBuffer<Vectors>
  /// None where no second moments travel.
  private let sourceSecondMoments: AlignedBuffer<Vectors>?
  private let modelFactors: AlignedBuffer<Float>
  private let momentumFactors: AlignedBuffer<Float>
  private let squares: AlignedBuffer<SquaredNorms>
  /// Of the block under way.
  private let mean = AlignedBuffer<Lanes>(count: Reductions.block)
  private let meanMomentum = AlignedBuffer<Lanes>(count: Reductions.block)
  private let meanSecondMoment = AlignedBuffer<Lanes>(count: Reductions.block)

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
    forEachBlock(range) { block in
      formMeans(block, a, momentum, progress)
      if let anchor { (anchor.vectors + block.lowerBound).update(from: mean.pointer, count: block.count) }
      for replica in replicas.indices {
        addDeviation(block, of: replica)
        assign(block, to: replica, momentum, step)
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

  private func forEachBlock(_ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Reductions.block) {
      body(start..<min(start + Reductions.block, range.upperBound))
    }
  }

  // MARK: Means

  private func formMean(_ block: Range<Int>, _ a: Float, _ progress: Progress? = nil) {
    let result = mean.pointer - block.lowerBound
    form(block, sourceModels.pointer, modelFactors.pointer, into: result)
    if let progress { return applyProgress(progress, a, block, result) }
    for i in block { result[i] *= a }
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
    let result = mean.pointer - block.lowerBound
    form(block, sources.pointer, momentumFactors.pointer, into: result)
    for i in block { result[i] = a * result[i] }
  }

  /// Σ factor · vector over the sources.
  private func form(
    _ block: Range<Int>, _ vectors: UnsafePointer<Vectors>, _ factors: UnsafePointer<Float>, into result: Vectors
  ) {
    let count = sourceModels.count
    for i in block {
      var sum = factors[0] * vectors[0][i]
      for source in 1..<count { sum.addProduct(Lanes(repeating: factors[source]), vectors[source][i]) }
      result[i] = sum
    }
  }

  private func applyProgress(_ progress: Progress, _ a: Float, _ block: Range<Int>, _ result: Vectors) {
    let (point, factors, scale) = (progress.anchor.vectors, modelFactors.pointer, a * progress.steps)
    for i in block {
      if !progress.sourcesAreRelative {
        for source in 0..<sourceModels.count { result[i].addProduct(Lanes(repeating: -factors[source]), point[i]) }
      }
      result[i] = point[i] + scale * result[i]
    }
  }

  // MARK: Replicas

  private func addDeviation(_ block: Range<Int>, of replica: Int) {
    let (x, mean) = (replicas[replica].parameters.vectors, mean.pointer - block.lowerBound)
    var sum = Lanes()
    for i in block {
      let deviation = mean[i] - x[i]
      sum.addProduct(deviation, deviation)
    }
    squares.pointer[replica].deviation += Double(sum.sum())
  }

  private func assign(_ block: Range<Int>, to replica: Int, _ rule: MomentumRule, _ step: LocalStep?) {
    takeMomentum(block, replica, rule)
    guard let step else { return take(block, replica) }
    let (u, v) = (replicas[replica].momentum?.vectors, replicas[replica].secondMoment?.vectors)
    switch (step.rule, u, v) {
    case (.sgd(let step), nil, nil): descend(block, replica, step)
    case (.sgd(let step), let u?, nil): descend(block, replica, momentumBuffer: u, step, isNesterov: false)
    case (.nesterov(let step), let u?, nil): descend(block, replica, momentumBuffer: u, step, isNesterov: true)
    case (.adam(let step), let m?, let v?): descend(block, replica, firstMoment: m, secondMoment: v, step)
    default: preconditionFailure("a step without its moments")
    }
  }

  /// x ← x̄.
  private func take(_ block: Range<Int>, _ replica: Int) {
    (replicas[replica].parameters.vectors + block.lowerBound).update(from: mean.pointer, count: block.count)
  }

  private func takeMomentum(_ block: Range<Int>, _ replica: Int, _ rule: MomentumRule) {
    guard rule != .keep else { return }
    takeMoment(block, replicas[replica].momentum, rule, meanMomentum)
    takeMoment(block, replicas[replica].secondMoment, rule, meanSecondMoment)
  }

  private func takeMoment(
    _ block: Range<Int>, _ moment: ParameterVector?, _ rule: MomentumRule, _ mean: AlignedBuffer<Lanes>
  ) {
    guard let moment else { return }
    let u = moment.vectors + block.lowerBound
    if rule == .average {
      u.update(from: mean.pointer, count: block.count)
    } else {
      u.update(repeating: Lanes(), count: block.count)
    }
  }

  /// u ← β u + g + λ x; x ← x̄ − γ u, or x ← x̄ − γ (g + λ x + β u).
  @inline(__always)
  private func descend(
    _ block: Range<Int>, _ replica: Int, momentumBuffer u: Vectors, _ step: SGDArithmetic, isNesterov: Bool
  ) {
    let (x, g) = (replicas[replica].parameters.vectors, replicas[replica].gradient.vectors)
    let mean = mean.pointer - block.lowerBound
    for i in block {
      let total = step.total(g[i], x[i])
      let buffer = step.direction(total, u[i])
      u[i] = buffer
      var value = mean[i]
      step.move(&value, along: isNesterov ? step.direction(total, buffer) : buffer)
      x[i] = value
    }
  }

  /// x ← x̄ − γ (g + λ x).
  private func descend(_ block: Range<Int>, _ replica: Int, _ step: SGDArithmetic) {
    let (x, g) = (replicas[replica].parameters.vectors, replicas[replica].gradient.vectors)
    let mean = mean.pointer - block.lowerBound
    var norm = Lanes()
    for i in block {
      let total = step.total(g[i], x[i])
      norm.addProduct(total, total)
      var value = mean[i]
      step.move(&value, along: total)
      x[i] = value
    }
    squares.pointer[replica].gradient += Double(norm.sum())
  }

  /// x ← x̄ plus Adam's step at x.
  private func descend(
    _ block: Range<Int>, _ replica: Int, firstMoment m: Vectors, secondMoment v: Vectors, _ step: AdamArithmetic
  ) {
    let (x, g) = (replicas[replica].parameters.vectors, replicas[replica].gradient.vectors)
    let mean = mean.pointer - block.lowerBound
    for i in block { x[i] = step.step(from: mean[i], at: x[i], g[i], firstMoment: &m[i], secondMoment: &v[i]) }
  }
}
