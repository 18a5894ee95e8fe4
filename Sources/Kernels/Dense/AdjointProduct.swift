/// The gradient for a dense layer's input by the kernel of its forward pass, on a copy of the weights with inputs and outputs
/// exchanged: faster than `DenseProducts.inputGradient` for many rows, and for few rows that come again and again before
/// the weights change. Its sums are the same, to the bit.
///
/// There is scratch memory inside, for one caller at a time.
public struct AdjointProduct: Sendable {
  private let products: DenseProducts
  /// Nil where the products are not those of panels: they then do it themselves.
  private let exchanged: Exchanged?

  private struct Exchanged {
    let layout: WeightPanels
    let products: DensePanels
    let weights: AlignedBuffer<Float>
    let noBias: AlignedBuffer<Float>
    let taps = [0]
  }

  public init(of products: DenseProducts) {
    self.products = products
    let (inputs, outputs) = (products.inputCount, products.outputCount)
    guard products.kernels == .panels, outputs >= Tile.rows else {
      exchanged = nil
      return
    }
    exchanged = Exchanged(
      layout: WeightPanels(inputCount: inputs, outputCount: outputs),
      products: DensePanels(inputCount: outputs, outputCount: inputs), weights: AlignedBuffer(count: inputs * outputs),
      noBias: AlignedBuffer(count: inputs))
  }

  /// Takes the weights, for all calls until they change.
  public func prepare(_ weights: UnsafeMutablePointer<Float>) {
    guard let exchanged else { return }
    exchanged.layout.transposeTaps(
      of: weights, taps: exchanged.taps, inputs: products.inputCount, into: exchanged.weights.pointer)
  }

  /// inputGradient (rows, in) ← outputGradient (rows, out) · Wᵀ.
  /// - Parameter weights: those that `prepare` took.
  /// - Precondition: each row of `inputGradient` has room for whole panels.
  public func inputGradient(weights: UnsafeMutablePointer<Float>, outputGradient: Matrix, inputGradient: Matrix) {
    guard let exchanged else {
      return products.inputGradient(
        weights: weights, outputGradient: outputGradient, inputGradient: inputGradient)
    }
    precondition(inputGradient.columns == products.inputCount && outputGradient.columns == products.outputCount)
    exchanged.products.forward(
      weights: exchanged.weights.pointer, bias: exchanged.noBias.pointer, input: outputGradient, output: inputGradient)
  }
}
