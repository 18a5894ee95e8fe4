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
  let arithmetic: BatchNormalizationKernels
  /// ∂loss/∂γ, ∂loss/∂β on their way.
  private let gradients: AlignedBuffer<Float>

  /// - Parameter shortcut: what is added before the rectifier: the output of the layer that lies `layersBack` before the
  ///   one whose output this layer normalises.
  public init(_ name: String, _ image: ImageShape, shortcut: (shortcut: Shortcut, layersBack: Int)? = nil) {
    self.name = name
    self.image = image
    self.shortcut = shortcut
    arithmetic = BatchNormalizationKernels(image)
    gradients = AlignedBuffer(count: 2 * image.channels)
  }

  public var inputCount: Int { image.count }
  public var outputCount: Int { image.count }
  public var needsWholeBatch: Bool { true }
  public var addsReturningGradient: Bool { true }
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
    if !usesGivenMoments(pass) {
      arithmetic.beginMoments(pass.input.row(0))
      arithmetic.addMoments(of: pass.input)
    }
    finishForward(pass, z: pass.input)
  }

  public func backward(_ pass: BackwardPass) {
    beginBackward(pass, z: pass.input, target: pass.target)
    guard let inputGradient = pass.inputGradient else { return }
    for row in 0..<pass.input.rows {
      findInputGradient(row, z: pass.input, pass, inputGradient.row(row))
    }
  }

  // MARK: Parts

  /// Whether the rectifier comes right after the normalisation, and no shortcut between.
  private var isRectifiedAtOnce: Bool { shortcut == nil }

  /// target ← ∂loss/∂z of an image, after `beginBackward`.
  func findInputGradient(_ row: Int, z: Matrix, _ pass: BackwardPass, _ target: UnsafeMutablePointer<Float>) {
    arithmetic.inputGradient(z.row(row), pass.outputGradient.row(row), target, rectified: isRectifiedAtOnce)
  }

  func usesGivenMoments(_ pass: ForwardPass) -> Bool {
    if case .evaluation = pass.mode { true } else { false }
  }

  /// What is left of a forward pass once all of `z` was added to the moments.
  func finishForward(_ pass: ForwardPass, z: Matrix) {
    prepare(pass, rows: z.rows)
    // The last images were seen last and may still be in the cache.
    for row in (0..<z.rows).reversed() { normalize(z.row(row), pass, row: row) }
  }

  /// Finishes the moments that were added up, or takes the given ones, and makes `normalize` ready.
  func prepare(_ pass: ForwardPass, rows: Int) {
    let (mean, variance) = (pass.statistics, pass.statistics + channels)
    switch pass.mode {
    case .training:
      arithmetic.finishMoments(rows: rows, runningMean: mean, runningVariance: variance, momentum: Self.momentum)
    case .gathering(let part):
      arithmetic.finishMoments(rows: rows, runningMean: mean, runningVariance: variance, momentum: part)
    case .evaluation:
      arithmetic.useMoments(mean: mean, variance: variance)
    }
    arithmetic.prepare(gamma: pass.parameters, beta: pass.parameters + channels)
  }

  /// A row of the pass's output from its image of z.
  func normalize(_ z: UnsafePointer<Float>, _ pass: ForwardPass, row: Int) {
    let output = pass.output.row(row)
    if let source = pass.shortcut, let shortcut, !shortcut.shortcut.isIdentity {
      arithmetic.normalize(z, output, rectified: false)
      shortcut.shortcut.addAndRectify(source.row(row), to: output)
    } else {
      arithmetic.normalize(z, adding: pass.shortcut?.row(row), output, rectified: true)
    }
  }

  /// What comes before the gradient for `z` can be found: with a shortcut, outputGradient becomes that of what is rectified; the
  /// parameters' gradients are handed to `target`.
  func beginBackward(_ pass: BackwardPass, z: Matrix, target: GradientTarget) {
    arithmetic.beginGradient()
    for row in (0..<z.rows).reversed() {
      let returning = isRectifiedAtOnce ? nil : pass.returning?.unchanged(row: row)
      if returning == nil { pass.returning?.add(row: row, to: pass.outputGradient) }
      if isRectifiedAtOnce {
        arithmetic.addGradient(z.row(row), pass.outputGradient.row(row), rectified: true)
      } else {
        arithmetic.addGradient(
          z.row(row), pass.outputGradient.row(row), returning: returning, y: pass.output.row(row))
      }
    }
    arithmetic.finishGradient(
      rows: z.rows, gammaGradient: gradients.pointer, betaGradient: gradients.pointer + channels)
    target.storeEach(count: 2 * channels) { gradients.pointer[$0] }
  }
}
