/// The averaging of several workers' vectors where they lie in memory, and each worker's step from the average, in one
/// pass: every number is read once and written once.
public struct JointUpdate: @unchecked Sendable {
  typealias Vector = SIMD16<Float>

  /// What becomes of the momentum buffers.
  public enum MomentumRule {
    case average, keep, reset
  }

  /// What a pass tells of a worker.
  public struct SquaredNorms: BitwiseCopyable, Sendable {
    /// ‖x̄ − x_i‖² before.
    public var deviation = 0.0
    /// ‖g + λx‖² of plain SGD's step, 0 with momentum or without a step.
    public var gradient = 0.0

    public init() {}

    public static func += (sum: inout SquaredNorms, other: SquaredNorms) {
      sum.deviation += other.deviation
      sum.gradient += other.gradient
    }
  }

  private typealias Vectors = UnsafeMutablePointer<Vector>

  /// x, u and g of each worker; u is x again without momentum.
  private let models: AlignedBuffer<Vectors>
  private let momenta: AlignedBuffer<Vectors>
  private let gradients: AlignedBuffer<Vectors>
  /// How much each worker's counts in the sums.
  private let modelFactors: AlignedBuffer<Float>
  private let momentumFactors: AlignedBuffer<Float>
  /// Sums of squares of each worker: lane by lane of the block under way, and all.
  private let deviations: AlignedBuffer<Vector>
  private let norms: AlignedBuffer<Vector>
  private let squares: AlignedBuffer<SquaredNorms>
  private let hasMomentum: Bool
  /// What all these point into.
  private let owners: [ParameterVector]
  /// SIMD vectors of this pass, the same part of every vector.
  private let range: Range<Int>

  /// - Parameters:
  ///   - workers: vectors of one length.
  ///   - part: which of so many equal parts of them this pass goes over.
  public init(
    _ workers: [(parameters: ParameterVector, momentum: ParameterVector?, gradient: ParameterVector)],
    part: Int, of parts: Int
  ) {
    models = AlignedBuffer(workers.map(\.parameters.vectors))
    momenta = AlignedBuffer(workers.map { ($0.momentum ?? $0.parameters).vectors })
    gradients = AlignedBuffer(workers.map(\.gradient.vectors))
    modelFactors = AlignedBuffer(count: workers.count)
    momentumFactors = AlignedBuffer(count: workers.count)
    deviations = AlignedBuffer(count: workers.count)
    norms = AlignedBuffer(count: workers.count)
    squares = AlignedBuffer(count: workers.count)
    hasMomentum = workers[0].momentum != nil
    owners = workers.flatMap { [$0.parameters, $0.gradient] + ($0.momentum.map { [$0] } ?? []) }
    let count = workers[0].parameters.vectorCount
    range = part * count / parts..<(part + 1) * count / parts
    precondition(owners.allSatisfy { $0.vectorCount == count })
  }

  /// Reads all that a pass will read: the system takes some time to map memory at first.
  public func touch() {
    let numbers = range.lowerBound * Vector.scalarCount..<range.upperBound * Vector.scalarCount
    for vector in owners { _ = vector.slice(numbers).squaredNorm() }
  }

  /// How much the model and the momentum of `worker` count in the sums of the next pass.
  public func setFactors(_ worker: Int, model: Float, momentum: Float) {
    modelFactors[worker] = model
    momentumFactors[worker] = momentum
  }

  /// What the last pass tells of `worker`.
  public func squares(_ worker: Int) -> SquaredNorms { squares[worker] }

  /// g ← a Σ g.
  public func averageGradients(_ a: Float) {
    let (g, count) = (gradients.pointer, gradients.count)
    for i in range {
      var sum = g[0][i]
      for worker in 1..<count { sum += g[worker][i] }
      let mean = Vector(repeating: a) * sum
      for worker in 0..<count { g[worker][i] = mean }
    }
  }

  /// x ← x̄ = a Σ factor · x, and u by its rule, ū being a Σ factor · u; with a step, less the step with the gradient of the
  /// worker's own model from before.
  ///
  /// - Parameter anchor: with it, x̄ = x₀ + a τ Σ factor · (x − x₀), and x₀ ← x̄.
  public func averageModels(
    _ a: Float, momentum: MomentumRule, step: SGDStep?, anchor: (point: ParameterVector, steps: Float)? = nil
  ) {
    squares.elements.update(repeating: SquaredNorms())
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Reductions.block) {
      let block = start..<min(start + Reductions.block, range.upperBound)
      deviations.elements.update(repeating: Vector())
      norms.elements.update(repeating: Vector())
      // The usual cases get code of their own.
      switch (step, hasMomentum, momentum) {
      case (let step?, true, .average):
        update(block, a, momentum: .average, anchor, step, steps: true, hasMomentum: true)
      case (let step?, true, _): update(block, a, momentum: momentum, anchor, step, steps: true, hasMomentum: true)
      case (let step?, false, _): update(block, a, momentum: .keep, anchor, step, steps: true, hasMomentum: false)
      case (nil, _, _): update(block, a, momentum: momentum, anchor, .none, steps: false, hasMomentum: hasMomentum)
      }
      for worker in 0..<squares.count {
        squares.pointer[worker].deviation += Double(deviations.pointer[worker].sum())
        squares.pointer[worker].gradient += Double(norms.pointer[worker].sum())
      }
    }
  }

  @inline(__always)
  private func update(
    _ block: Range<Int>, _ a: Float, momentum rule: MomentumRule, _ anchor: (point: ParameterVector, steps: Float)?,
    _ step: SGDStep, steps: Bool, hasMomentum: Bool
  ) {
    let (x, u, g, count) = (models.pointer, momenta.pointer, gradients.pointer, models.count)
    for i in block {
      var mean = sum(x, modelFactors.pointer, i)
      if let anchor {
        let point = anchor.point.vectors
        for worker in 0..<count { mean.addProduct(Vector(repeating: -modelFactors.pointer[worker]), point[i]) }
        mean = point[i] + anchor.steps * mean
        point[i] = a * mean
      }
      mean *= a
      let meanMomentum = hasMomentum && rule == .average ? a * sum(u, momentumFactors.pointer, i) : Vector()
      for worker in 0..<count {
        let own = x[worker][i]
        let deviation = mean - own
        deviations.pointer[worker].addProduct(deviation, deviation)
        var value = mean
        if hasMomentum {
          var direction = rule == .keep ? u[worker][i] : meanMomentum
          if steps {
            direction = step.direction(step.total(g[worker][i], own), direction)
            step.move(&value, along: direction)
          }
          u[worker][i] = direction
        } else if steps {
          let total = step.total(g[worker][i], own)
          norms.pointer[worker].addProduct(total, total)
          step.move(&value, along: total)
        }
        x[worker][i] = value
      }
    }
  }

  /// Σ factor · vector of all workers, at one place.
  @inline(__always)
  private func sum(_ vectors: UnsafePointer<Vectors>, _ factors: UnsafePointer<Float>, _ i: Int) -> Vector {
    var sum = factors[0] * vectors[0][i]
    for worker in 1..<models.count { sum.addProduct(Vector(repeating: factors[worker]), vectors[worker][i]) }
    return sum
  }
}
