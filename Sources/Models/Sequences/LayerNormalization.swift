import Kernels

/// Layer normalisation (Ba, Kiros, Hinton 2016) of each row, as torch.nn.LayerNorm has it.
public struct LayerNormalization: Layer {
  public let name: String
  private let arithmetic: LayerNormalizationKernels
  /// ∂loss/∂γ, ∂loss/∂β on their way.
  private let gradients: AlignedBuffer<Float>

  public init(_ name: String, width: Int) {
    self.name = name
    arithmetic = LayerNormalizationKernels(width: width)
    gradients = AlignedBuffer(count: 2 * width)
  }

  public var inputCount: Int { width }
  public var outputCount: Int { width }
  /// Mean and deviation.
  public var innerCount: Int { 2 }
  private var width: Int { arithmetic.width }

  public var tensors: [ParameterTensor] {
    [
      ParameterTensor(name: name + ".weight", shape: [width], offset: 0),
      ParameterTensor(name: name + ".bias", shape: [width], offset: width),
    ]
  }

  /// γ = 1, β = 0.
  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    parameters.update(repeating: 1, count: width)
    (parameters + width).update(repeating: 0, count: width)
  }

  public func forward(_ pass: ForwardPass) {
    arithmetic.forward(
      pass.input, gamma: pass.parameters, beta: pass.parameters + width, output: pass.output, moments: pass.inner)
  }

  public func backward(_ pass: BackwardPass) {
    // As the first layer of a network it has nobody to hand this to.
    let inputGradient = pass.inputGradient ?? pass.outputGradient
    gradients.elements.update(repeating: 0)
    arithmetic.backward(
      pass.input, moments: pass.inner!, gamma: pass.parameters, outputGradient: pass.outputGradient,
      inputGradient: inputGradient, sums: gradients.pointer)
    pass.target.storeEach(count: 2 * width) { gradients.pointer[$0] }
  }
}
