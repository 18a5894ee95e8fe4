import Datasets
import Kernels
import Models
import Persistence
import Records

/// What one worker minimises, f_i, and stochastic gradients of it; all workers together minimise f, the mean of the f_i
/// weighted by their samples.
public protocol Objective: AnyObject, Persistent {
  /// *m*.
  var parameterCount: Int { get }
  /// Where each of the model's tensors lies in the flat vector.
  var segments: [Range<Int>] { get }
  /// Where those of them lie that are matrices, or have more dimensions.
  var matrices: [Range<Int>] { get }
  /// Samples that one stochastic gradient is made of.
  var batchSize: Int { get }
  /// What of a sample is predicted: one thing, or that many; losses are means over them.
  var targetsOfSample: Int { get }
  /// n_i: samples in f_i.
  var sampleCount: Int { get }
  /// Samples of this worker's part of the test data.
  var testSampleCount: Int { get }
  /// Bytes that the samples take.
  var sampleBytes: Int { get }
  /// Whether `gradient` may be handed a target that changes the parameters.
  var canStepAtOnce: Bool { get }
  /// What is known of f besides its values.
  var constants: ObjectiveConstants { get }
  /// What this worker's gradients gather besides, and evaluation uses: running statistics of batch normalisation.
  var statistics: ParameterVector { get }

  /// Sets the initial model: the same on every rank.
  func initialize(_ parameters: ParameterVector, seed: UInt64)

  /// Chooses the samples, or the noise, of the next stochastic gradient.
  func draw()

  /// Hands a stochastic gradient of f_i at `x`, without weight decay, to `target`, and returns the loss of its samples.
  ///
  /// Where that loss is not finite, a target that steps is left alone.
  /// - Parameter timer: is switched between data, forward and backward.
  func gradient(
    at x: ParameterVector, into target: GradientTarget, timer: PhaseTimer, poll: Network.Poll
  ) throws -> BatchScore

  /// The loss of all of this worker's training samples, or of its test samples, at `x`.
  func score(_ part: DatasetPart, at x: ParameterVector) throws -> PartialScore

  /// The loss of some of this worker's training samples at `x`.
  /// - Parameter samples: which, by their places in the shard.
  func score(samples: [Int32], at x: ParameterVector) throws -> PartialScore

  /// gradient ← n_i ∇f_i(x), over all of this worker's training samples.
  func fullGradient(at x: ParameterVector, into gradient: ParameterVector) throws

  /// Finds the statistics anew for the model `x`, on this worker's training samples.
  func gatherStatistics(at x: ParameterVector) throws
}

extension Objective {
  public var segments: [Range<Int>] { [0..<parameterCount] }
  public var matrices: [Range<Int>] { segments }
  public var targetsOfSample: Int { 1 }
  public var testSampleCount: Int { 0 }
  public var sampleBytes: Int { 0 }
  public var statistics: ParameterVector { ParameterVector(count: 0) }
  public func gatherStatistics(at x: ParameterVector) throws {}
}

/// A sum of losses that can be added up over workers.
public struct PartialScore: Equatable, Sendable {
  public var loss: Double
  /// How many were predicted right.
  public var correct: Double
  /// How many samples, or positions of sequences, were predicted.
  public var samples: Double

  public init(loss: Double = 0, correct: Double = 0, samples: Double = 0) {
    self.loss = loss
    self.correct = correct
    self.samples = samples
  }
}

/// What is known of an objective f = (1/N) Σ f_i.
public struct ObjectiveConstants: Equatable, Sendable {
  /// L: every f_i's gradient is L-Lipschitz.
  public var smoothness: Double?
  /// σ²: bounds E‖g_i − ∇f_i‖².
  public var noise: Double?
  /// f*.
  public var optimum: Double?
  /// Whether samples have classes, so that there is an accuracy.
  public var hasClasses = true

  public init(smoothness: Double? = nil, noise: Double? = nil, optimum: Double? = nil, hasClasses: Bool = true) {
    self.smoothness = smoothness
    self.noise = noise
    self.optimum = optimum
    self.hasClasses = hasClasses
  }
}
