import Kernels

/// A square convolution of images, with a bias and an activation where asked for.
///
/// How the weights lie in the flat vector is the kernels' choice; an exported model has PyTorch's (out, in, row, column).
public struct Convolution: Layer {
  public let name: String
  public let activation: Activation
  private let hasBias: Bool
  let products: ConvolutionProducts

  /// - Parameter kernels: which do the products; those that suit shape and build unless given.
  public init(
    _ name: String, _ shape: ConvolutionShape, bias: Bool, activation: Activation = .none,
    kernels: ConvolutionProducts.Kernels? = nil
  ) {
    self.init(name, ConvolutionProducts(shape, kernels: kernels), bias: bias, activation: activation)
  }

  /// - Parameter products: may be another layer's too: their scratch memory then stays in the cache from one to the other.
  public init(_ name: String, _ products: ConvolutionProducts, bias: Bool, activation: Activation = .none) {
    self.name = name
    self.products = products
    self.activation = activation
    hasBias = bias
  }

  public var shape: ConvolutionShape { products.shape }
  public var inputCount: Int { shape.input.count }
  public var outputCount: Int { shape.output.count }
  public var operations: Int { shape.operations }
  public var kernels: String? { products.kernels.rawValue }

  public var tensors: [ParameterTensor] {
    let (kernel, outputs) = (shape.kernel, shape.output.channels)
    let weight = ParameterTensor(
      name: name + ".weight", shape: [outputs, shape.input.channels, kernel, kernel], offset: 0
    ) { [products, shape] index in
      let (output, window) = index.quotientAndRemainder(dividingBy: shape.windowCount)
      return products.index(window: shape.window(ofChannelsFirst: window), output: output)
    }
    let bias = ParameterTensor(name: name + ".bias", shape: [outputs], offset: shape.weightCount)
    return hasBias ? [weight, bias] : [weight]
  }

  /// W ~ N(0, 2 / window), b = 0 (He, Zhang, Ren, Sun 2015), in the exported order.
  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    parameters.update(repeating: 0, count: parameterCount)
    let deviation = (2 / Double(shape.windowCount)).squareRoot()
    let place = tensors[0].place
    for index in 0..<shape.weightCount { parameters[place(index)] = Float(deviation * random.nextNormal()) }
  }

  public func forward(_ pass: ForwardPass) {
    products.forward(weights: pass.parameters, input: pass.input, output: pass.output)
    for row in 0..<pass.output.rows {
      let pixels = pixels(pass.output, row)
      if hasBias { pixels.addToRows(pass.parameters + shape.weightCount) }
      if activation == .rectifier { pixels.rectify() }
    }
  }

  public func backward(_ pass: BackwardPass) {
    let gradient = pass.outputGradient
    if activation == .rectifier { gradient.mask(whereZero: pass.output) }
    if let inputGradient = pass.inputGradient {
      products.inputGradient(weights: pass.parameters, outputGradient: gradient, inputGradient: inputGradient)
    }
    products.weightGradient(input: pass.input, outputGradient: gradient, target: pass.target)
    guard hasBias else { return }
    pass.target.advanced(by: shape.weightCount).takeSum(count: shape.output.channels) { sums in
      for row in 0..<gradient.rows { pixels(gradient, row).addRows(to: sums) }
    }
  }

  /// An output image as (pixels, channels).
  private func pixels(_ images: Matrix, _ row: Int) -> Matrix {
    Matrix(images.row(row), rows: shape.output.pixels, columns: shape.output.channels)
  }
}
