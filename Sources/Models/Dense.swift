import Kernels

/// A fully connected layer, y = σ(x W + b), σ the identity or the rectified linear unit max(·, 0).
///
/// How W is laid out in the flat vector is its kernels' choice; an exported model has PyTorch's (out, in).
public struct Dense: Layer {
  public enum Activation: Sendable { case none, rectifier }
  public enum Initialization: Sendable {
    case zeros
    /// W ~ N(0, 2 / in), b = 0 (He, Zhang, Ren, Sun 2015).
    case he
  }

  public let name: String
  public let activation: Activation
  public let initialization: Initialization
  let products: DenseProducts

  /// - Parameters:
  ///   - name: what PyTorch calls the module, such as "0" in an `nn.Sequential`; "" for a bare `nn.Linear`.
  ///   - kernels: which do the products; those that suit the shape unless given.
  public init(
    _ name: String, inputs: Int, outputs: Int, activation: Activation = .none, initialization: Initialization = .he,
    kernels: DenseProducts.Kernels? = nil
  ) {
    self.name = name
    self.activation = activation
    self.initialization = initialization
    products = DenseProducts(inputCount: inputs, outputCount: outputs, kernels: kernels)
  }

  public var inputCount: Int { products.inputCount }
  public var outputCount: Int { products.outputCount }
  private var weightCount: Int { inputCount * outputCount }

  public var tensors: [ParameterTensor] {
    let prefix = name.isEmpty ? "" : name + "."
    let weight = ParameterTensor(name: prefix + "weight", shape: [outputCount, inputCount], offset: 0) {
      [products, inputCount] index in products.index(input: index % inputCount, output: index / inputCount)
    }
    return [weight, ParameterTensor(name: prefix + "bias", shape: [outputCount], offset: weightCount)]
  }

  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    parameters.update(repeating: 0, count: parameterCount)
    guard initialization == .he else { return }
    let deviation = (2 / Double(inputCount)).squareRoot()
    // In the exported order, so that a start does not depend on the kernels.
    let place = tensors[0].place
    for index in 0..<weightCount { parameters[place(index)] = Float(deviation * random.nextNormal()) }
  }

  public func forward(_ parameters: UnsafeMutablePointer<Float>, input: Matrix, output: Matrix) {
    products.forward(weights: parameters, bias: parameters + weightCount, input: input, output: output)
    if activation == .rectifier { output.rectify() }
  }

  public func backward(
    _ parameters: UnsafeMutablePointer<Float>, target: GradientTarget, input: Matrix, output: Matrix,
    outputGradient: Matrix, inputGradient: Matrix?
  ) {
    if activation == .rectifier { outputGradient.mask(whereZero: output) }
    if let inputGradient {
      products.inputGradient(weights: parameters, outputGradient: outputGradient, inputGradient: inputGradient)
    }
    products.weightGradient(input: input, outputGradient: outputGradient, target: target)
    outputGradient.sumRows(target: target.advanced(by: weightCount))
  }
}
