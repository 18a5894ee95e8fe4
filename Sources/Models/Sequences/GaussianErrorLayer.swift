import Kernels

/// The Gaussian error linear unit, as torch.nn.GELU has it.
public struct GaussianErrorLayer: Layer {
  public let name: String
  private let width: Int

  public init(_ name: String, width: Int) {
    self.name = name
    self.width = width
  }

  public var inputCount: Int { width }
  public var outputCount: Int { width }

  public func forward(_ pass: ForwardPass) { GaussianErrorUnit.forward(pass.input, output: pass.output) }

  public func backward(_ pass: BackwardPass) {
    guard let inputGradient = pass.inputGradient else { return }
    GaussianErrorUnit.backward(pass.input, outputGradient: pass.outputGradient, inputGradient: inputGradient)
  }
}
