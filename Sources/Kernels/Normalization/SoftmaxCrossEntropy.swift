import Glibc

/// What a batch of predictions was worth.
public struct BatchScore: Equatable, BitwiseCopyable, Sendable {
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
///   - gradient: receives scale · (softmax(outputs) − target), shape (batch, classes), where given; it may be
///     `outputs` itself.
///   - scale: 1 / batch size, when the loss is a mean.
///   - smoothing: ε: the target is (1 − ε) one-hot(label) + ε / classes (Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2016),
///     as torch.nn.CrossEntropyLoss has it.
public func softmaxCrossEntropy(
  _ outputs: Matrix, labels: UnsafePointer<Int32>, gradient: Matrix?, scale: Float, smoothing: Float = 0
) -> BatchScore {
  var score = BatchScore()
  let onLabel = scale * (1 - smoothing)
  let everywhere = scale * smoothing / Float(max(outputs.columns, 1))
  for sample in 0..<outputs.rows {
    let row = outputs.row(sample)
    let label = Int(labels[sample])
    let best = row.indexOfLargest(outputs.columns)
    let largest = row[best]
    // Before the gradient, which may take the place of the outputs.
    let distance = row.targetDistance(below: largest, label: label, classes: outputs.columns, smoothing: smoothing)
    let sum = exponentials(of: row, outputs.columns, minus: largest, into: gradient?.row(sample))
    if let probabilities = gradient?.row(sample) {
      let factor = Float(Double(scale) / sum)
      for k in 0..<outputs.columns { probabilities[k] = probabilities[k] * factor - everywhere }
      probabilities[label] -= onLabel
    }
    let loss = log(sum) + distance
    score.loss += loss
    // Numbers that are none have no largest.
    if best == label && loss.isFinite { score.correct += 1 }
  }
  return score
}

/// result ← exp(row − largest), where there is a result; it may be the row itself. What lies beyond `count` may be read.
/// - Returns: the sum.
private func exponentials(
  of row: UnsafePointer<Float>, _ count: Int, minus largest: Float, into result: UnsafeMutablePointer<Float>?
) -> Double {
  var sum = 0.0
  for index in stride(from: 0, to: count, by: 16) {
    let values = exponential(SIMD16.load(row + index) - largest)
    for lane in 0..<min(16, count - index) {
      sum += Double(values[lane])
      result?[index + lane] = values[lane]
    }
  }
  return sum
}

extension Matrix {
  /// The class that each row predicts: the first of its largest outputs.
  public func predictedClass(_ row: Int) -> Int { self.row(row).indexOfLargest(columns) }
}

extension UnsafeMutablePointer<Float> {
  fileprivate func indexOfLargest(_ count: Int) -> Int {
    // Choices, not branches: no processor foresees them.
    var (best, largest) = (0, self[0])
    for k in 1..<max(count, 1) {
      let isLarger = self[k] > largest
      best = isLarger ? k : best
      largest = isLarger ? self[k] : largest
    }
    return best
  }

  /// How far the outputs lie below the largest of them, by the weights of the target.
  fileprivate func targetDistance(below largest: Float, label: Int, classes: Int, smoothing: Float) -> Double {
    let distance = Double(largest) - Double(self[label])
    guard smoothing != 0 else { return distance }
    let mean = (0..<classes).reduce(0) { $0 + (Double(largest) - Double(self[$1])) } / Double(classes)
    return (1 - Double(smoothing)) * distance + Double(smoothing) * mean
  }
}
