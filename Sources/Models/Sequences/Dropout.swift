import Kernels

/// Dropout (Srivastava et al. 2014) in training; in evaluation the identity.
///
/// What is dropped is a function of the pass's random numbers and of the layer's `index` alone: nothing is kept from forward to
/// backward, and a run that is stopped goes on with the same bits.
public struct Dropout: Layer {
  public let name: String
  private let width: Int
  private let probability: Float
  /// Which of a network's dropouts this is, from 0.
  private let index: Int

  public init(_ name: String, width: Int, probability: Float, index: Int) {
    precondition(probability >= 0 && probability < 1)
    self.name = name
    self.width = width
    self.probability = probability
    self.index = index
  }

  public var inputCount: Int { width }
  public var outputCount: Int { width }

  public func forward(_ pass: ForwardPass) {
    if case .training = pass.mode {
      DropoutKernels.apply(pass.input, pass.output, probability: probability, random(pass.randomness))
    } else {
      for row in 0..<pass.input.rows { pass.output.row(row).update(from: pass.input.row(row), count: width) }
    }
  }

  public func backward(_ pass: BackwardPass) {
    guard let inputGradient = pass.inputGradient else { return }
    DropoutKernels.apply(pass.outputGradient, inputGradient, probability: probability, random(pass.randomness))
  }

  /// Each layer has a key of its own.
  private func random(_ pass: PassRandomness) -> LaneRandom {
    LaneRandom(
      seed: pass.seed ^ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15, purpose: .dropout, worker: pass.worker,
      position: Int(UInt32(truncatingIfNeeded: pass.position)))
  }
}
