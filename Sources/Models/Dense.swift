import Kernels

/// A fully connected layer, y = σ(x W + b), σ the identity or the rectified linear unit max(·, 0).
///
/// W is kept (in, out), the layout in which all three products of a step run over rows; PyTorch's `nn.Linear` has
/// (out, in), and so has an exported model.
public struct Dense: Layer {
  public enum Activation: Sendable { case none, rectifier }
  public enum Initialization: Sendable {
    case zeros
    /// W ~ N(0, 2 / in), b = 0 (He, Zhang, Ren, Sun 2015).
    case he
  }

  public let name: String
  public let inputCount: Int
  public let outputCount: Int
  public let activation: Activation
  public let initialization: Initialization

  /// - Parameter name: what PyTorch calls the module, such as "0" in an `nn.Sequential`; "" for a bare `nn.Linear`.
  public init(
    _ name: String, inputs: Int, outputs: Int, activation: Activation = .none, initialization: Initialization = .he
  ) {
    self.name = name
    inputCount = inputs
    outputCount = outputs
    self.activation = activation
    self.initialization = initialization
  }

  public var tensors: [ParameterTensor] {
    let prefix = name.isEmpty ? "" : name + "."
    return [
      ParameterTensor(name: prefix + "weight", shape: [outputCount, inputCount], offset: 0, layout: .transposed),
      ParameterTensor(name: prefix + "bias", shape: [outputCount], offset: weightCount),
    ]
  }

  private var weightCount: Int { inputCount * outputCount }

  private func weights(_ parameters: UnsafeMutablePointer<Float>) -> Matrix {
    Matrix(parameters, rows: inputCount, columns: outputCount)
  }

  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    parameters.update(repeating: 0, count: parameterCount)
    guard initialization == .he else { return }
    let deviation = (2 / Double(inputCount)).squareRoot()
    for i in 0..<weightCount { parameters[i] = Float(deviation * random.nextNormal()) }
  }

  public func forward(_ parameters: UnsafeMutablePointer<Float>, input: Matrix, output: Matrix) {
    output.multiply(input, weights(parameters))
    switch activation {
    case .none: output.addToRows(parameters + weightCount)
    case .rectifier: output.addToRowsAndRectify(parameters + weightCount)
    }
  }

  public func backward(
    _ parameters: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, accumulating: Bool,
    input: Matrix, output: Matrix, outputGradient: Matrix, inputGradient: Matrix?
  ) {
    if activation == .rectifier { outputGradient.mask(whereZero: output) }
    weights(gradient).multiply(input.transposed, outputGradient, accumulating: accumulating)
    outputGradient.sumRows(into: gradient + weightCount, accumulating: accumulating)
    inputGradient?.multiply(outputGradient, weights(parameters).transposed)
  }
}
