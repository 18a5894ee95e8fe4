import Kernels

/// A square convolution of images.
///
/// How the weights lie in the flat vector is the kernels' choice; an exported model has PyTorch's (out, in, row, column).
public struct Convolution: Layer {
  public let name: String
  let products: ConvolutionProducts

  /// - Parameter kernels: which do the products; those that suit shape and build unless given.
  public init(_ name: String, _ shape: ConvolutionShape, kernels: ConvolutionProducts.Kernels? = nil) {
    self.init(name, ConvolutionProducts(shape, kernels: kernels))
  }

  /// - Parameter products: may be another layer's too: their scratch memory then stays in the cache from one to the other.
  public init(_ name: String, _ products: ConvolutionProducts) {
    self.name = name
    self.products = products
  }

  public var shape: ConvolutionShape { products.shape }
  public var inputCount: Int { shape.input.count }
  public var outputCount: Int { shape.output.count }
  public var operations: Int { shape.operations }
  public var kernels: String? { products.kernels.rawValue }

  public var tensors: [ParameterTensor] {
    let (kernel, outputs) = (shape.kernel, shape.output.channels)
    return [
      ParameterTensor(
        name: name + ".weight", shape: [outputs, shape.input.channels, kernel, kernel], offset: 0
      ) { [products, shape] index in
        let (output, window) = index.quotientAndRemainder(dividingBy: shape.windowCount)
        return products.index(window: shape.window(ofChannelsFirst: window), output: output)
      }
    ]
  }

  /// W ~ N(0, 2 / window) (He, Zhang, Ren, Sun 2015), in the exported order.
  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    let deviation = (2 / Double(shape.windowCount)).squareRoot()
    let place = tensors[0].place
    for index in 0..<shape.weightCount { parameters[place(index)] = Float(deviation * random.nextNormal()) }
  }

  public func forward(_ pass: ForwardPass) {
    products.forward(weights: pass.parameters, input: pass.input, output: pass.output)
  }

  public func backward(_ pass: BackwardPass) {
    if let inputGradient = pass.inputGradient {
      products.inputGradient(
        weights: pass.parameters, outputGradient: pass.outputGradient, inputGradient: inputGradient)
    }
    products.weightGradient(input: pass.input, outputGradient: pass.outputGradient, target: pass.target)
  }
}
