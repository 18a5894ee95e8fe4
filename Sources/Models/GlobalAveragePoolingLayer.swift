import Kernels

/// The mean of each channel over the whole image.
public struct GlobalAveragePoolingLayer: Layer {
  public let name: String
  private let pooling: GlobalAveragePooling

  public init(_ name: String, _ input: ImageShape) {
    self.name = name
    pooling = GlobalAveragePooling(input)
  }

  public var inputCount: Int { pooling.input.count }
  public var outputCount: Int { pooling.input.channels }

  public func forward(_ pass: ForwardPass) {
    for row in 0..<pass.input.rows { pooling.forward(pass.input.row(row), pass.output.row(row)) }
  }

  public func backward(_ pass: BackwardPass) {
    guard let inputGradient = pass.inputGradient else { return }
    for row in 0..<pass.input.rows { pooling.backward(pass.outputGradient.row(row), inputGradient.row(row)) }
  }
}
