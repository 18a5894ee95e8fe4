import Kernels

/// Batch normalisation of images (Ioffe, Szegedy 2015), then a shortcut where there is one, then a rectifier:
/// y = max(γ (z − μ) / √(σ² + ε) + β + shortcut, 0).
///
/// μ and σ² are the batch's in training and running means of those in evaluation.
public struct BatchNormalization: Layer {
  /// Of the batch in the running statistics, as in PyTorch.
  public static let momentum: Float = 0.1

  public let name: String
  public let image: ImageShape
  public let shortcut: (shortcut: Shortcut, layersBack: Int)?
  private let normalization: BatchNormalizationKernels
  /// ∂loss/∂γ, ∂loss/∂β on their way.
  private let gradients: AlignedBuffer<Float>

  /// - Parameter shortcut: what is added before the rectifier: the output of the layer that lies `layersBack` before the
  ///   one whose output this layer normalises.
  public init(_ name: String, _ image: ImageShape, shortcut: (shortcut: Shortcut, layersBack: Int)? = nil) {
    self.name = name
    self.image = image
    self.shortcut = shortcut
    normalization = BatchNormalizationKernels(image)
    gradients = AlignedBuffer(count: 2 * image.channels)
  }

  public var inputCount: Int { image.count }
  public var outputCount: Int { image.count }
  public var needsWholeBatch: Bool { true }
  private var channels: Int { image.channels }

  public var tensors: [ParameterTensor] { pair("weight", "bias") }
  public var statistics: [ParameterTensor] { pair("running_mean", "running_var") }

  private func pair(_ first: String, _ second: String) -> [ParameterTensor] {
    [
      ParameterTensor(name: "\(name).\(first)", shape: [channels], offset: 0),
      ParameterTensor(name: "\(name).\(second)", shape: [channels], offset: channels),
    ]
  }

  /// γ = 1, β = 0.
  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    parameters.update(repeating: 1, count: channels)
    (parameters + channels).update(repeating: 0, count: channels)
  }

  /// Mean 0, variance 1.
  public func initialize(statistics: UnsafeMutablePointer<Float>) {
    statistics.update(repeating: 0, count: channels)
    (statistics + channels).update(repeating: 1, count: channels)
  }

  public func forward(_ pass: ForwardPass) {
    switch pass.mode {
    case .training: takeMoments(pass, part: Self.momentum)
    case .gathering(let part): takeMoments(pass, part: part)
    case .evaluation: normalization.useMoments(mean: pass.statistics, variance: pass.statistics + channels)
    }
    normalization.prepare(gamma: pass.parameters, beta: pass.parameters + channels)
    for row in 0..<pass.input.rows {
      normalization.normalize(pass.input.row(row), pass.output.row(row), rectified: pass.shortcut == nil)
      if let source = pass.shortcut, let shortcut {
        shortcut.shortcut.addAndRectify(source.row(row), to: pass.output.row(row))
      }
    }
  }

  private func takeMoments(_ pass: ForwardPass, part: Float) {
    normalization.takeMoments(
      of: pass.input, runningMean: pass.statistics, runningVariance: pass.statistics + channels, momentum: part)
  }

  public func backward(_ pass: BackwardPass) {
    normalization.backward(
      z: pass.input, output: pass.output, outputGradient: pass.outputGradient, inputGradient: pass.inputGradient!,
      gammaGradient: gradients.pointer, betaGradient: gradients.pointer + channels)
    pass.target.storeEach(count: 2 * channels) { gradients.pointer[$0] }
  }
}
