import Kernels

/// A convolution without bias and its batch normalisation, with the latter's shortcut and rectifier: as one layer, since
/// memory, not arithmetic, limits the second.
///
/// The batch goes through in pieces of a few images, that what one half leaves in the cache is still there for the other:
/// moments are taken of each piece as it is convolved, and the gradient for the convolution's output is found piece by
/// piece, in scratch memory, and never for the whole batch.
public struct NormalizedConvolution: Layer {
  private let convolution: Convolution
  private let normalization: BatchNormalization
  /// Between them is the convolution's output in evaluation, and ∂loss/∂ it in a backward pass.
  private let pieces: BatchPieces

  /// - Precondition: the normalisation is of the convolution's output.
  public init(_ convolution: Convolution, _ normalization: BatchNormalization) {
    precondition(convolution.shape.output == normalization.image)
    self.convolution = convolution
    self.normalization = normalization
    pieces = BatchPieces(columns: convolution.outputCount)
  }

  public var name: String { convolution.name + ", " + normalization.name }
  public var inputCount: Int { convolution.inputCount }
  public var outputCount: Int { convolution.outputCount }
  public var innerCount: Int { convolution.outputCount }
  public var needsWholeBatch: Bool { true }
  public var addsReturningGradient: Bool { true }
  public var shortcut: (shortcut: Shortcut, layersBack: Int)? { normalization.shortcut }
  public var operations: Int { convolution.operations }
  public var kernels: String? { convolution.kernels }
  private var weightCount: Int { convolution.parameterCount }

  public var tensors: [ParameterTensor] {
    convolution.tensors
      + normalization.tensors.map { tensor in
        var tensor = tensor
        tensor.offset += weightCount
        return tensor
      }
  }

  public var statistics: [ParameterTensor] { normalization.statistics }

  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    convolution.initialize(parameters, random: &random)
    normalization.initialize(parameters + weightCount, random: &random)
  }

  public func initialize(statistics: UnsafeMutablePointer<Float>) { normalization.initialize(statistics: statistics) }

  public func forward(_ pass: ForwardPass) {
    let own = ForwardPass(
      parameters: pass.parameters + weightCount, statistics: pass.statistics, input: pass.input, output: pass.output,
      shortcut: pass.shortcut, mode: pass.mode)
    if normalization.usesGivenMoments(pass) { evaluate(pass, own) } else { train(pass, own, z: pass.inner!) }
  }

  /// - Parameter own: the normalisation's part of the pass.
  private func train(_ pass: ForwardPass, _ own: ForwardPass, z: Matrix) {
    convolution.products.forward(weights: pass.parameters) { convolve in
      pieces.forEach(of: z.rows) { rows in
        convolve(pass.input.slice(rows), z.slice(rows))
        if rows.lowerBound == 0 { normalization.arithmetic.beginMoments(z.row(0)) }
        normalization.arithmetic.addMoments(of: z.slice(rows))
      }
    }
    normalization.finishForward(own, z: z)
  }

  /// With moments that are known, each piece is normalised at once, and what was convolved never leaves the cache.
  private func evaluate(_ pass: ForwardPass, _ own: ForwardPass) {
    normalization.prepare(own, rows: pass.input.rows)
    convolution.products.forward(weights: pass.parameters) { convolve in
      pieces.forEach(of: pass.input.rows) { rows in
        let z = pieces.between(rows.count)
        convolve(pass.input.slice(rows), z)
        for (place, row) in rows.enumerated() { normalization.normalize(z.row(place), own, row: row) }
      }
    }
  }

  public func backward(_ pass: BackwardPass) {
    let z = pass.inner!
    normalization.beginBackward(pass, z: z, target: pass.target.advanced(by: weightCount))
    convolution.products.backward(
      weights: pass.parameters, target: pass.target, wantsInputGradient: pass.inputGradient != nil
    ) { differentiate in
      pieces.forEach(of: z.rows) { rows in
        let gradient = pieces.between(rows.count)
        for (place, row) in rows.enumerated() {
          normalization.findInputGradient(row, z: z, pass, gradient.row(place))
        }
        differentiate(pass.input.slice(rows), gradient, pass.inputGradient?.slice(rows))
      }
    }
  }
}
