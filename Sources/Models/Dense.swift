import Kernels

/// What a layer's products go through.
public enum Activation: Sendable {
  case none
  /// max(·, 0)
  case rectifier
}

/// A fully connected layer, y = σ(x W + b), σ the identity or the rectified linear unit max(·, 0).
///
/// How W is laid out in the flat vector is its kernels' choice; an exported model has PyTorch's (out, in).
public struct Dense: Layer {
  public let name: String
  public let activation: Activation
  public let initialization: WeightInitialization
  let products: DenseProducts
  /// Where there are many rows.
  private let adjoint: AdjointProduct?
  /// The shape of the input, which PyTorch flattens with channels first and we with channels last.
  private let image: ImageShape

  /// - Parameters:
  ///   - name: what PyTorch calls the module, such as "0" in an `nn.Sequential`; "" for a bare `nn.Linear`.
  ///   - image: the input's shape where it is an image.
  ///   - hasManyRows: whether rows are far more than the samples of a common batch, as the positions of sequences are.
  ///   - kernels: which do the products; those that suit the shape unless given.
  public init(
    _ name: String, inputs: Int, outputs: Int, activation: Activation = .none,
    initialization: WeightInitialization = .he,
    image: ImageShape? = nil, hasManyRows: Bool = false, kernels: DenseProducts.Kernels? = nil
  ) {
    precondition(image == nil || image!.count == inputs)
    self.name = name
    self.image = image ?? ImageShape(height: 1, width: inputs, channels: 1)
    self.activation = activation
    self.initialization = initialization
    products = DenseProducts(inputCount: inputs, outputCount: outputs, kernels: kernels)
    adjoint = hasManyRows ? AdjointProduct(of: products) : nil
  }

  public var inputCount: Int { products.inputCount }
  public var outputCount: Int { products.outputCount }
  public var operations: Int { 2 * weightCount }
  public var kernels: String? { products.kernels.rawValue }
  public var takesScatteredRows: Bool { products.takesScatteredRows }
  private var weightCount: Int { inputCount * outputCount }

  public var tensors: [ParameterTensor] {
    let prefix = name.isEmpty ? "" : name + "."
    let weight = ParameterTensor(name: prefix + "weight", shape: [outputCount, inputCount], offset: 0) {
      [products, image] index in
      let (output, input) = index.quotientAndRemainder(dividingBy: products.inputCount)
      return products.index(input: image.place(ofChannelsFirst: input), output: output)
    }
    return [weight, ParameterTensor(name: prefix + "bias", shape: [outputCount], offset: weightCount)]
  }

  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    parameters.update(repeating: 0, count: parameterCount)
    for tensor in tensors where tensor.shape.count > 1 || initialization.drawsBiases {
      initialization.draw(tensor, inputs: inputCount, parameters, &random)
    }
  }

  public func forward(_ pass: ForwardPass) {
    products.forward(
      weights: pass.parameters, bias: pass.parameters + weightCount, input: pass.input, output: pass.output)
    if activation == .rectifier { pass.output.rectify() }
  }

  public func backward(_ pass: BackwardPass) {
    if activation == .rectifier { pass.outputGradient.mask(whereZero: pass.output) }
    if let inputGradient = pass.inputGradient {
      if let adjoint {
        adjoint.prepare(pass.parameters)
        adjoint.inputGradient(
          weights: pass.parameters, outputGradient: pass.outputGradient, inputGradient: inputGradient)
      } else {
        products.inputGradient(
          weights: pass.parameters, outputGradient: pass.outputGradient, inputGradient: inputGradient)
      }
    }
    products.weightGradient(
      input: pass.input, outputGradient: pass.outputGradient, target: pass.target,
      upcoming: pass.upcoming)
    pass.outputGradient.sumRows(target: pass.target.advanced(by: weightCount))
  }
}
