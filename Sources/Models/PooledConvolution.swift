import Kernels

/// A convolution with a bias, a rectifier and maximum pooling: as one layer, since memory, not arithmetic, limits all but the first.
///
/// The batch goes through in pieces of a few images. What is convolved is pooled while it is in the cache, and is not kept: the
/// backward pass needs to know where in its window each largest number was, and no more.
public struct PooledConvolution: Layer {
  private let convolution: Convolution
  private let pooling: MaximumPooling
  private let pieces: BatchPieces

  /// - Parameter size: of the windows, side by side; 1 pools nothing.
  public init(_ convolution: Convolution, pooling size: Int) {
    self.convolution = convolution
    pooling = MaximumPooling(convolution.shape.output, size: size)
    pieces = BatchPieces(columns: convolution.outputCount)
  }

  public var name: String { convolution.name + ", pooled" }
  public var output: ImageShape { pooling.output }
  public var inputCount: Int { convolution.inputCount }
  public var outputCount: Int { output.count }
  /// The taps of the largest numbers.
  public var innerCount: Int { output.count }
  public var stages: Int { 2 }
  public var operations: Int { convolution.operations }
  public var kernels: String? { convolution.kernels }
  private var weightCount: Int { convolution.parameterCount }

  public var tensors: [ParameterTensor] {
    convolution.tensors + [
      ParameterTensor(name: convolution.name + ".bias", shape: [output.channels], offset: weightCount)
    ]
  }

  /// b = 0, and the weights as a convolution has them.
  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    convolution.initialize(parameters, random: &random)
    (parameters + weightCount).update(repeating: 0, count: output.channels)
  }

  public func forward(_ pass: ForwardPass) {
    convolution.products.forward(weights: pass.parameters) { convolve in
      pieces.forEach(of: pass.input.rows) { rows in
        let convolved = pieces.between(rows.count)
        convolve(pass.input.slice(rows), convolved)
        for (place, row) in rows.enumerated() {
          pooling.forward(
            convolved.row(place), bias: pass.parameters + weightCount, pass.output.row(row), taps: pass.inner?.row(row))
        }
      }
    }
  }

  public func backward(_ pass: BackwardPass) {
    pass.target.advanced(by: weightCount).takeSum(count: output.channels) { sums in
      convolution.products.backward(
        weights: pass.parameters, target: pass.target, wantsInputGradient: pass.inputGradient != nil
      ) { differentiate in
        pieces.forEach(of: pass.input.rows) { rows in
          let gradient = pieces.between(rows.count)
          for (place, row) in rows.enumerated() {
            pooling.backward(
              pass.output.row(row), taps: pass.inner!.row(row), pass.outputGradient.row(row), gradient.row(place))
            let pixels = Matrix(
              gradient.row(place), rows: pooling.input.pixels, columns: pooling.input.channels)
            pixels.addRows(to: sums)
          }
          differentiate(pass.input.slice(rows), gradient, pass.inputGradient?.slice(rows))
        }
      }
    }
  }
}
