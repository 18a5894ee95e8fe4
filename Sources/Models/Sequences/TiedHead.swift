import Kernels

/// The outputs of a language model whose weights are those of its embedding (Press, Wolf 2017): y = x Eᵀ.
public struct TiedHead: Layer {
  public let name: String
  /// How many layers before this one the embedding is.
  public let parameterSource: Int?
  private let embedding: Embedding
  private let products: DenseProducts
  private let bias: AlignedBuffer<Float>

  /// - Precondition: the embedding is tied.
  public init(_ name: String, _ embedding: Embedding, layersBack: Int) {
    self.name = name
    self.embedding = embedding
    products = embedding.head!
    bias = AlignedBuffer(count: embedding.characters)
    parameterSource = layersBack
  }

  public var inputCount: Int { embedding.width }
  public var outputCount: Int { embedding.characters }
  public var operations: Int { 2 * inputCount * outputCount }
  public var kernels: String? { products.kernels.rawValue }

  public func forward(_ pass: ForwardPass) {
    products.forward(weights: pass.parameters, bias: bias.pointer, input: pass.input, output: pass.output)
  }

  /// Its gradient goes to the embedding, whose backward pass hands it on.
  public func backward(_ pass: BackwardPass) {
    if let inputGradient = pass.inputGradient {
      products.inputGradient(
        weights: pass.parameters, outputGradient: pass.outputGradient, inputGradient: inputGradient)
    }
    products.weightGradient(
      input: pass.input, outputGradient: pass.outputGradient,
      target: GradientTarget(gradient: embedding.headGradient.pointer, accumulating: false))
  }
}
