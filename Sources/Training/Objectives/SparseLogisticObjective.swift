import Datasets
import Kernels
import Models
import Persistence
import Records

/// Softmax regression on a worker's sparse rows: the mean over its samples of −log softmax(Wv + b) at their class.
///
/// Work is proportional to the features that are there, and for the update to the number of parameters.
public final class SparseLogisticObjective: Objective {
  /// Samples from one call of `poll` to the next.
  private static let piece = 256

  public let batchSize: Int
  private let training: SparseRows
  private let test: SparseRows?
  private let model: SparseSoftmax
  private var classes: Int { model.classCount }
  private var sampler: BatchSampler
  /// The rows of the batch.
  private let batch: AlignedBuffer<Int32>
  /// (piece, classes): scale · (softmax − one-hot) of each sample.
  private let errors: AlignedBuffer<Float>

  /// - Parameters:
  ///   - training: the worker's rows; all workers' have the same features and classes.
  ///   - test: the worker's part of what the model is judged by.
  ///   - sampler: of the rows of `training`.
  public init(training: SparseRows, test: SparseRows?, sampler: BatchSampler) {
    precondition(sampler.sampleCount == training.count)
    precondition(test.map { $0.featureCount == training.featureCount && $0.classCount == training.classCount } ?? true)
    self.training = training
    self.test = test
    self.sampler = sampler
    batchSize = sampler.batchSize
    model = SparseSoftmax(featureCount: training.featureCount, classCount: training.classCount)
    batch = AlignedBuffer(count: sampler.batchSize)
    errors = AlignedBuffer(count: Self.piece * training.classCount)
  }

  public var parameterCount: Int { model.parameterCount }
  public var sampleCount: Int { training.count }
  public var testSampleCount: Int { test?.count ?? 0 }
  /// A sparse gradient is a sum in memory before it is anything: a step at once would gain nothing.
  public var canStepAtOnce: Bool { false }
  public var constants: ObjectiveConstants { ObjectiveConstants() }

  public var tensors: [ParameterTensor] { model.tensors }

  /// At the origin.
  public func initialize(_ parameters: ParameterVector, seed: UInt64) { parameters.setToZero() }

  public func draw() { sampler.next(into: batch.elements) }

  public func gradient(
    at x: ParameterVector, into target: GradientTarget, timer: PhaseTimer, poll: Network.Poll
  ) throws -> BatchScore {
    var score = BatchScore()
    let scale = 1 / Float(batchSize)
    try target.takeSum(count: parameterCount) { gradient in
      for start in stride(from: 0, to: batchSize, by: Self.piece) {
        let places = start..<min(start + Self.piece, batchSize)
        timer.enter(.forward)
        for place in places { score += forward(Int(batch.pointer[place]), x, scale: scale, slot: place - start) }
        timer.enter(.backward)
        for place in places { backward(Int(batch.pointer[place]), gradient, slot: place - start) }
        try poll()
      }
    }
    return score
  }

  public func score(_ part: DatasetPart, at x: ParameterVector) throws -> PartialScore {
    guard let rows = part == .training ? training : test else { return PartialScore() }
    var total = BatchScore()
    for sample in 0..<rows.count { total += model.evaluate(rows, sample, x).score }
    return PartialScore(loss: total.loss, correct: Double(total.correct), samples: Double(rows.count))
  }

  public func score(samples: [Int32], at x: ParameterVector) throws -> PartialScore {
    var total = BatchScore()
    for sample in samples { total += model.evaluate(training, Int(sample), x).score }
    return PartialScore(loss: total.loss, correct: Double(total.correct), samples: Double(samples.count))
  }

  public func fullGradient(at x: ParameterVector, into gradient: ParameterVector) throws {
    gradient.setToZero()
    for sample in 0..<training.count {
      _ = forward(sample, x, scale: 1, slot: 0)
      backward(sample, gradient.pointer, slot: 0)
    }
  }

  public func visit(_ state: inout StateVisitor) throws { try sampler.visit(&state) }

  // MARK: One sample

  /// Leaves scale · (softmax − one-hot) of a training sample in a slot of `errors`.
  private func forward(_ sample: Int, _ x: ParameterVector, scale: Float, slot: Int) -> BatchScore {
    let prediction = model.evaluate(training, sample, x)
    let errors = errors.pointer + slot * classes
    let factor = Double(scale) / prediction.sum
    for k in 0..<classes { errors[k] = Float(factor * model.outputs.pointer[k]) }
    errors[Int(training.labels[sample])] -= scale
    return prediction.score
  }

  /// Adds ∂loss/∂parameters of a training sample to `gradient`, from a slot of `errors`.
  private func backward(_ sample: Int, _ gradient: UnsafeMutablePointer<Float>, slot: Int) {
    let errors = errors.pointer + slot * classes
    for place in training.row(sample) {
      let weights = gradient + Int(training.indices[place]) * classes
      let value = training.values[place]
      for k in 0..<classes { weights[k] += value * errors[k] }
    }
    let bias = gradient + model.biasOffset
    for k in 0..<classes { bias[k] += errors[k] }
  }
}
