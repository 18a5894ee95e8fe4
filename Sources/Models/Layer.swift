import Kernels

/// A parameter as PyTorch would name and shape it, and where its numbers are in the flat vector.
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

/// One stage of a network: it maps a batch of rows to a batch of rows, with parameters that live elsewhere.
///
/// A layer keeps no state: its parameters are a part of one flat vector, its activations are given to it.
public protocol Layer: Sendable {
  var inputCount: Int { get }
  var outputCount: Int { get }
  /// Its parameters; offsets count from the layer's first number.
  var tensors: [ParameterTensor] { get }

  /// Draws the initial parameters.
  func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource)

  /// output (batch, outputCount) ← layer(input (batch, inputCount)).
  func forward(_ parameters: UnsafeMutablePointer<Float>, input: Matrix, output: Matrix)

  /// Given ∂loss/∂output, finds ∂loss/∂input where wanted, and then hands ∂loss/∂parameters to `target`, which may
  /// change the parameters at once. `outputGradient` may be overwritten.
  func backward(
    _ parameters: UnsafeMutablePointer<Float>, target: GradientTarget, input: Matrix, output: Matrix,
    outputGradient: Matrix, inputGradient: Matrix?)
}

extension Layer {
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }
}
