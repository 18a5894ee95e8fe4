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
  let onLabel = scale * (1 - smoothing)
  let everywhere = scale * smoothing / Float(max(outputs.columns, 1))
  var score = BatchScore()
  withUnsafeTemporaryAllocation(of: RowScore.self, capacity: RowScore.atOnce) { scores in
    let scores = scores.baseAddress!
    for first in stride(from: 0, to: outputs.rows, by: RowScore.atOnce) {
      // Each pass goes over some rows before the next one reads what it wrote: a processor that loads together what it has just
      // stored one by one waits for it.
      let rows = first..<min(first + RowScore.atOnce, outputs.rows)
      for row in rows {
        (scores + (row - first)).initialize(
          to: RowScore(outputs.row(row), outputs.columns, Int(labels[row]), smoothing, gradient?.row(row)))
      }
      if let gradient {
        for row in rows { gradient.scale(row, by: Float(Double(scale) / scores[row - first].sum), minus: everywhere) }
        for row in rows { gradient.row(row)[Int(labels[row])] -= onLabel }
      }
      for row in rows { scores[row - first].add(to: &score) }
    }
  }
  return score
}

/// What one row is worth.
private struct RowScore {
  /// Rows that are worked on together.
  static let atOnce = 16

  /// Σ exp(output − largest).
  let sum: Double
  /// How far the target lies below the largest output.
  let distance: Double
  let isRight: Bool

  /// Leaves exp(output − largest) in `result`, where given.
  @inline(__always)
  init(
    _ row: UnsafeMutablePointer<Float>, _ classes: Int, _ label: Int, _ smoothing: Float,
    _ result: UnsafeMutablePointer<Float>?
  ) {
    let best = row.indexOfLargest(classes)
    let largest = row[best]
    isRight = best == label
    // Before the result, which may take the place of the row.
    distance = row.targetDistance(below: largest, label: label, classes: classes, smoothing: smoothing)
    sum = exponentials(of: row, classes, minus: largest, into: result)
  }

  @inline(__always)
  func add(to score: inout BatchScore) {
    let loss = log(sum) + distance
    score.loss += loss
    // Numbers that are none have no largest.
    if isRight && loss.isFinite { score.correct += 1 }
  }
}

/// result ← exp(row − largest), where there is a result; it may be the row itself. What lies beyond `count` may be read.
/// - Returns: the sum.
private func exponentials(
  of row: UnsafePointer<Float>, _ count: Int, minus largest: Float, into result: UnsafeMutablePointer<Float>?
) -> Double {
  var sum = 0.0
  for index in stride(from: 0, to: count, by: 16) {
    // In memory once: a lane that is asked for by a variable is looked up there each time.
    withUnsafeBytes(of: exponential(SIMD16.load(row + index) - largest)) { values in
      let values = values.assumingMemoryBound(to: Float.self).baseAddress!
      let lanes = min(16, count - index)
      for lane in 0..<lanes { sum += Double(values[lane]) }
      result?.advanced(by: index).update(from: values, count: lanes)
    }
  }
  return sum
}

extension Matrix {
  /// The class that each row predicts: the first of its largest outputs.
  public func predictedClass(_ row: Int) -> Int { self.row(row).indexOfLargest(columns) }

  /// row ← row · factor − constant
  @inline(__always)
  fileprivate func scale(_ row: Int, by factor: Float, minus constant: Float) {
    let numbers = self.row(row)
    for column in 0..<columns { numbers[column] = numbers[column] * factor - constant }
  }
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
