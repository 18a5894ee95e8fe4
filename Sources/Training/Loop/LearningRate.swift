import Glibc

/// γ over a run, as a function of its progress in epochs: passes of all workers together over the training set.
public struct LearningRate: Equatable, Sendable {
  /// A rate, and the epoch that it holds from.
  public struct Piece: Equatable, Sendable {
    public let epoch: Double
    public let rate: Double

    public init(epoch: Double, rate: Double) {
      self.epoch = epoch
      self.rate = rate
    }
  }

  /// γ from the beginning on.
  public var start: Double
  /// What takes its place, by strictly increasing epochs.
  public var pieces: [Piece] = []
  /// Epochs of warm-up; 0 for none (Goyal et al. 2017).
  public var warmup = 0.0
  /// Epochs of one step of all workers, which a warm-up begins with a share of.
  public var stepEpochs = 0.0
  /// Epochs over which γ falls to 0 along half a cosine; nil where it does not (Loshchilov, Hutter 2017).
  public var cosineEpochs: Double?

  public init(_ start: Double) { self.start = start }

  /// Whether γ never changes.
  public var isConstant: Bool { pieces.isEmpty && warmup == 0 && cosineEpochs == nil }

  /// γ of a step that begins at `epoch`.
  ///
  /// Step t = 1, 2, … of a warm-up of W steps has t/W of what the step would have without it.
  public func rate(at epoch: Double) -> Double {
    var rate = pieces.last { $0.epoch <= epoch }?.rate ?? start
    if let cosineEpochs { rate *= (1 + cos(.pi * min(epoch / cosineEpochs, 1))) / 2 }
    if epoch < warmup { rate *= min((epoch + stepEpochs) / warmup, 1) }
    return rate
  }
}
