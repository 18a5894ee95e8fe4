import Kernels

/// Causal self-attention: what is made of the queries, keys and values that a dense layer has put side by side.
public struct CausalAttention: Layer {
  public let name: String
  private let arithmetic: CausalAttentionKernels

  /// - Precondition: the heads divide the width.
  public init(_ name: String, positions: Int, heads: Int, width: Int) {
    precondition(width % heads == 0)
    self.name = name
    arithmetic = CausalAttentionKernels(positions: positions, heads: heads, headWidth: width / heads)
  }

  public var inputCount: Int { 3 * arithmetic.width }
  public var outputCount: Int { arithmetic.width }
  /// Of each head's softmax one number.
  public var innerCount: Int { arithmetic.heads }
  /// Of a position, which sees half of the others on average.
  public var operations: Int { 2 * arithmetic.positions * arithmetic.width }

  public func forward(_ pass: ForwardPass) {
    arithmetic.forward(pass.input, output: pass.output, logSums: pass.inner)
  }

  public func backward(_ pass: BackwardPass) {
    guard let inputGradient = pass.inputGradient else { return }
    arithmetic.backward(
      pass.input, output: pass.output, logSums: pass.inner!, outputGradient: pass.outputGradient,
      inputGradient: inputGradient)
  }
}
