import Kernels

/// A parameter, or a statistic, as PyTorch would name and shape it, and where its numbers are in the flat vector.
public struct ParameterTensor: Sendable {
  /// Where the number at an index of the exported row-major tensor is, from `offset` on.
  public typealias Place = @Sendable (Int) -> Int

  public let name: String
  /// As exported.
  public let shape: [Int]
  /// Of the first number, from the start of the flat vector.
  public var offset: Int
  public let place: Place

  public init(name: String, shape: [Int], offset: Int, place: @escaping Place = { $0 }) {
    self.name = name
    self.shape = shape
    self.offset = offset
    self.place = place
  }

  public var count: Int { shape.reduce(1, *) }
}

/// What a forward pass is for.
public enum PassMode: Sendable {
  /// A gradient: batch statistics are taken, and running ones move towards them.
  case training
  /// Finding the statistics anew: running ones move towards a batch's by a given part of the way.
  case gathering(part: Float)
  /// A prediction: running statistics are used.
  case evaluation

  /// Whether what layers leave in memory is needed after the next layer.
  var keepsOutputs: Bool { if case .evaluation = self { false } else { true } }
}

/// What a layer works on in a forward pass. Rows are samples, or the positions of samples that are sequences: those of a
/// sequence come one after another, and sequences are whole.
public struct ForwardPass {
  /// The layer's own.
  public let parameters: UnsafeMutablePointer<Float>
  /// The layer's own: what training gathers besides the parameters, without a gradient.
  public let statistics: UnsafeMutablePointer<Float>
  /// (rows, inputCount)
  public let input: Matrix
  /// (rows, outputCount)
  public let output: Matrix
  /// (rows, innerCount): what the layer keeps for its backward pass besides its output; nil in evaluation.
  public let inner: Matrix?
  /// For a layer with a shortcut, the output of the layer that it comes from.
  public let shortcut: Matrix?
  public let mode: PassMode
  public let randomness: PassRandomness

  public init(
    parameters: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>, input: Matrix, output: Matrix,
    inner: Matrix? = nil, shortcut: Matrix? = nil, mode: PassMode, randomness: PassRandomness = PassRandomness()
  ) {
    self.randomness = randomness
    self.inner = inner
    self.parameters = parameters
    self.statistics = statistics
    self.input = input
    self.output = output
    self.shortcut = shortcut
    self.mode = mode
  }
}

/// What a layer works on in a backward pass, after a forward pass in training mode on the same numbers.
public struct BackwardPass {
  public let parameters: UnsafeMutablePointer<Float>
  /// Takes ∂loss/∂parameters.
  public let target: GradientTarget
  public let input: Matrix
  public let output: Matrix
  /// As the forward pass left it.
  public let inner: Matrix?
  /// ∂loss/∂output; may be overwritten. A layer with a shortcut leaves in it ∂loss/∂(what the shortcut added).
  public let outputGradient: Matrix
  /// What comes back by a shortcut that began at this layer's output and is still to be added to `outputGradient`.
  public let returning: ReturningGradient?
  /// ∂loss/∂input, where it is wanted.
  public let inputGradient: Matrix?
  /// That of the forward pass.
  public let randomness: PassRandomness
  /// For the first layer, the input of the next batch, to be prefetched where that pays.
  public let upcoming: UpcomingRows?

  public init(
    parameters: UnsafeMutablePointer<Float>, target: GradientTarget, input: Matrix, output: Matrix,
    inner: Matrix? = nil, outputGradient: Matrix, returning: ReturningGradient? = nil, inputGradient: Matrix?,
    randomness: PassRandomness = PassRandomness(), upcoming: UpcomingRows? = nil
  ) {
    self.randomness = randomness
    self.inner = inner
    self.upcoming = upcoming
    self.returning = returning
    self.parameters = parameters
    self.target = target
    self.input = input
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
  }
}

/// A gradient at the end of a shortcut.
public struct ReturningGradient {
  let shortcut: Shortcut
  /// ∂loss/∂(what the shortcut added), (batch, image).
  let gradient: Matrix

  /// One image's gradient where the shortcut is the identity, else nil.
  func unchanged(row: Int) -> UnsafeMutablePointer<Float>? { shortcut.isIdentity ? gradient.row(row) : nil }

  /// Adds it to ∂loss/∂(output that the shortcut began at), one image of the batch.
  func add(row: Int, to outputGradient: Matrix) {
    shortcut.addGradient(gradient.row(row), to: outputGradient.row(row))
  }
}

/// One stage of a network: it maps a batch of rows to a batch of rows, with parameters that live elsewhere.
///
/// A layer keeps no state: its parameters and statistics are parts of flat vectors, its activations are given to it. What
/// a forward pass leaves in its scratch memory is of use to the backward pass that follows, and to nobody else.
public protocol Layer: Sendable {
  /// What PyTorch would call the module.
  var name: String { get }
  var inputCount: Int { get }
  var outputCount: Int { get }
  /// Numbers of a row that it keeps from a forward to a backward pass besides its output.
  var innerCount: Int { get }
  /// Its parameters; offsets count from the layer's first number.
  var tensors: [ParameterTensor] { get }
  /// How many layers before this one the layer is whose parameters it works with, where they are not its own.
  var parameterSource: Int? { get }
  /// How many stages it joins: what random numbers the layers after it begin with does not depend on that.
  var stages: Int { get }
  /// Its statistics, likewise.
  var statistics: [ParameterTensor] { get }
  /// What is added to the layer's output, and how many layers before this one's input it comes from.
  var shortcut: (shortcut: Shortcut, layersBack: Int)? { get }
  /// Whether its backward pass adds what returns by a shortcut; the network does it for others.
  var addsReturningGradient: Bool { get }
  /// Whether outputs in training depend on the whole batch, so that it can't be worked through in pieces.
  var needsWholeBatch: Bool { get }
  /// Multiplications and additions of a row's forward pass, those of the products alone; the same number again for
  /// each of the two gradients.
  var operations: Int { get }
  /// Which kernels do the products, if it has any.
  var kernels: String? { get }

  /// Whether its input may be scattered rows.
  var takesScatteredRows: Bool { get }

  /// Draws the initial parameters.
  func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource)

  /// Sets the initial statistics.
  func initialize(statistics: UnsafeMutablePointer<Float>)

  /// output ← layer(input).
  func forward(_ pass: ForwardPass)

  /// Given ∂loss/∂output, finds ∂loss/∂input where wanted, and then hands ∂loss/∂parameters to the target, which may
  /// change the parameters at once.
  func backward(_ pass: BackwardPass)
}

extension Layer {
  public var tensors: [ParameterTensor] { [] }
  public var parameterSource: Int? { nil }
  public var stages: Int { 1 }
  public var statistics: [ParameterTensor] { [] }
  public var shortcut: (shortcut: Shortcut, layersBack: Int)? { nil }
  public var innerCount: Int { 0 }
  public var addsReturningGradient: Bool { false }
  public var needsWholeBatch: Bool { false }
  public var operations: Int { 0 }
  public var kernels: String? { nil }
  public var takesScatteredRows: Bool { false }
  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {}
  public func initialize(statistics: UnsafeMutablePointer<Float>) {}

  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }
  public var statisticCount: Int { statistics.reduce(0) { $0 + $1.count } }
}
