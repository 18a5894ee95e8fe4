import Glibc
import Kernels
import Testing

/// Outputs of a batch, with their labels.
private struct Batch: CustomTestStringConvertible, Sendable {
  let rows: Int
  let classes: Int
  /// Deviation of the outputs.
  let size: Float

  static let all = [(1, 2), (7, 10), (13, 33), (3, 1)].flatMap { rows, classes in
    [0.1, 3, 30].map { Batch(rows: rows, classes: classes, size: $0) }
  }

  var testDescription: String { "\(rows) rows of \(classes) classes, outputs of \(size)" }
  var outputs: [Float] { normalNumbers(rows * classes, stream: 5).map { size * $0 } }
  var labels: [Int32] { (0..<rows).map { Int32(7 * $0 % classes) } }

  /// Σ over the rows of the loss in Double.
  func loss(_ outputs: [Double]) -> Double {
    zip(0..., labels).reduce(0) { sum, sample in
      let row = outputs[(sample.0 * classes)..<((sample.0 + 1) * classes)]
      let largest = row.max()!
      let exponentials = row.reduce(0) { $0 + exp($1 - largest) }
      return sum + log(exponentials) + largest - row[row.startIndex + Int(sample.1)]
    }
  }

  func score(_ outputs: GuardedMatrix, gradient: GuardedMatrix? = nil, scale: Float = 1) -> BatchScore {
    softmaxCrossEntropy(outputs.matrix, labels: labels, gradient: gradient?.matrix, scale: scale)
  }

  func matrix(_ numbers: [Float]? = nil) -> GuardedMatrix {
    GuardedMatrix(rows, classes, gap: 3, surroundings: .nan, numbers)
  }
}

struct SoftmaxCrossEntropyTests {
  @Test(arguments: Batch.all)
  private func theLossIsThatOfDouble(batch: Batch) {
    let score = batch.score(batch.matrix(batch.outputs))
    let expected = batch.loss(batch.outputs.map(Double.init))
    #expect(abs(score.loss - expected) <= 1e-6 * max(expected, 1))
  }

  @Test(arguments: Batch.all)
  private func theGradientAgreesWithCentralDifferences(batch: Batch) {
    let gradient = batch.matrix()
    _ = batch.score(batch.matrix(batch.outputs), gradient: gradient, scale: 0.5)
    #expect(gradient.isIntactOutside())
    var outputs = batch.outputs.map(Double.init)
    let expected = outputs.indices.map { index in
      let (middle, step) = (outputs[index], 1e-5)
      outputs[index] = middle + step
      let above = batch.loss(outputs)
      outputs[index] = middle - step
      let below = batch.loss(outputs)
      outputs[index] = middle
      return 0.5 * (above - below) / (2 * step)
    }
    // Of a single class, and where all is right already, there is nothing to be relative to.
    for (value, reference) in zip(gradient.numbers, expected) { #expect(abs(Double(value) - reference) < 1e-6) }
  }

  @Test(arguments: Batch.all)
  private func theGradientSumsToZeroOverTheClasses(batch: Batch) {
    let gradient = batch.matrix()
    _ = batch.score(batch.matrix(batch.outputs), gradient: gradient)
    for row in 0..<batch.rows {
      #expect(abs((0..<batch.classes).reduce(0) { $0 + gradient.matrix.row(row)[$1] }) < 1e-6)
    }
  }

  @Test(arguments: Batch.all)
  private func askingForTheGradientChangesNothingElse(batch: Batch) {
    let (apart, inPlace) = (batch.matrix(batch.outputs), batch.matrix(batch.outputs))
    let gradient = batch.matrix()
    let score = batch.score(apart)
    #expect(batch.score(apart, gradient: gradient, scale: 0.25) == score)
    #expect(firstDifference(apart.numbers, batch.outputs) == nil)
    #expect(batch.score(inPlace, gradient: inPlace, scale: 0.25) == score)
    #expect(firstDifference(inPlace.numbers, gradient.numbers) == nil)
  }

  @Test(arguments: Batch.all)
  private func addingANumberToAllOutputsOfASampleChangesNothing(batch: Batch) {
    let shifted = batch.score(batch.matrix(batch.outputs.map { $0 + 64 }))
    let score = batch.score(batch.matrix(batch.outputs))
    #expect(abs(shifted.loss - score.loss) < 1e-4 * Double(batch.rows) && shifted.correct == score.correct)
  }

  @Test func equalOutputsLoseTheLogarithmOfTheClasses() {
    for classes in [2, 10, 1000] {
      let outputs = GuardedMatrix(surroundings: .nan, [Float](repeating: 5, count: classes))
      let score = softmaxCrossEntropy(outputs.matrix, labels: [1], gradient: nil, scale: 1)
      #expect(abs(score.loss - log(Double(classes))) < 1e-12)
    }
  }

  @Test func extremeOutputsGiveExactNumbers() {
    func expect(_ outputs: [Float], label: Int32, loss: Double, gradient: [Float]) {
      let (matrix, result) = (GuardedMatrix(surroundings: .nan, outputs), GuardedMatrix(1, 3, surroundings: .nan))
      let score = softmaxCrossEntropy(matrix.matrix, labels: [label], gradient: result.matrix, scale: 1)
      #expect(abs(score.loss - loss) <= 1e-7 * loss)
      #expect(result.numbers == gradient)
    }
    expect([1e4, -1e4, 0], label: 0, loss: 0, gradient: [0, 0, 0])
    expect([1e4, -1e4, 0], label: 1, loss: 2e4, gradient: [1, -1, 0])
    expect([-1e4, -1e4, 1e4], label: 2, loss: 0, gradient: [0, 0, 0])
    expect([1e4, 1e4, -1e4], label: 0, loss: log(2), gradient: [-0.5, 0.5, 0])
    expect([-1e38, 0, 1e38], label: 0, loss: 2e38, gradient: [-1, 0, 1])
  }

  @Test(arguments: 0..<3, 0..<3)
  func notANumberPropagates(place: Int, label: Int) {
    var outputs: [Float] = [1, 2, 3]
    outputs[place] = .nan
    let (matrix, gradient) = (GuardedMatrix(surroundings: 0, outputs), GuardedMatrix(1, 3, surroundings: 0))
    let score = softmaxCrossEntropy(matrix.matrix, labels: [Int32(label)], gradient: gradient.matrix, scale: 1)
    #expect(score.loss.isNaN)
    #expect(gradient.numbers.allSatisfy { $0.isNaN })
  }

  /// A model that overflowed must not look like a good one.
  @Test func infiniteOutputsGiveNoFiniteLoss() {
    for (label, outputs) in [(0, [.infinity, 0]), (1, [.infinity, 0]), (0, [-.infinity, 0])] as [(Int32, [Float])] {
      let matrix = GuardedMatrix(surroundings: 0, outputs)
      #expect(!softmaxCrossEntropy(matrix.matrix, labels: [label], gradient: nil, scale: 1).loss.isFinite)
    }
  }

  @Test func thePredictionIsTheFirstOfTheLargestOutputs() {
    let outputs = GuardedMatrix(4, 3, gap: 1, surroundings: .nan, [1, 3, 3, 1, 3, 3, 2, 2, 2, -5, -7, -6])
    func correct(_ labels: [Int32]) -> Int {
      softmaxCrossEntropy(outputs.matrix, labels: labels, gradient: nil, scale: 1).correct
    }
    #expect(correct([1, 1, 0, 0]) == 4)
    #expect(correct([2, 1, 1, 0]) == 2)
    #expect(correct([0, 2, 2, 1]) == 0)
  }

  @Test func aBatchIsWorthTheSumOfItsPieces() {
    let batch = Batch(rows: 7, classes: 10, size: 3)
    let outputs = batch.matrix(batch.outputs)
    var sum = BatchScore()
    for row in 0..<7 {
      let single = Matrix(outputs.matrix.row(row), rows: 1, columns: 10)
      sum += softmaxCrossEntropy(single, labels: [batch.labels[row]], gradient: nil, scale: 1)
    }
    #expect(sum == batch.score(outputs))
    let empty = Matrix(outputs.pointer, rows: 0, columns: 10)
    #expect(softmaxCrossEntropy(empty, labels: [], gradient: nil, scale: 1) == BatchScore())
  }
}
