import Glibc

/// What a batch of predictions was worth.
public struct BatchScore: Equatable, Sendable {
  /// Σ over samples of the cross-entropy, in nats.
  public var loss = 0.0
  /// How many samples' largest output was their label's.
  public var correct = 0

  public init() {}

  public static func += (total: inout BatchScore, score: BatchScore) {
    total.loss += score.loss
    total.correct += score.correct
  }
}

/// Softmax and cross-entropy of `outputs` (batch, classes) against `labels` (batch), accumulated in Double.
///
/// - Parameters:
///   - gradient: receives scale · (softmax(outputs) − one-hot(label)), shape (batch, classes), where given; it may be
///     `outputs` itself.
///   - scale: 1 / batch size, when the loss is a mean.
public func softmaxCrossEntropy(
  _ outputs: Matrix, labels: UnsafePointer<Int32>, gradient: Matrix?, scale: Float
) -> BatchScore {
  var score = BatchScore()
  for sample in 0..<outputs.rows {
    let row = outputs.row(sample)
    let label = Int(labels[sample])
    var best = 0
    for k in 1..<max(outputs.columns, 1) where row[k] > row[best] { best = k }
    let largest = row[best]
    let distance = Double(largest) - Double(row[label])
    var sum = 0.0
    if let gradient {
      let exponentials = gradient.row(sample)
      for k in 0..<outputs.columns {
        exponentials[k] = expf(row[k] - largest)
        sum += Double(exponentials[k])
      }
      let factor = Float(Double(scale) / sum)
      for k in 0..<outputs.columns { exponentials[k] *= factor }
      exponentials[label] -= scale
    } else {
      for k in 0..<outputs.columns { sum += Double(expf(row[k] - largest)) }
    }
    score.loss += log(sum) + distance
    if best == label { score.correct += 1 }
  }
  return score
}
