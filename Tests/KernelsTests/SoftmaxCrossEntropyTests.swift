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

  /// Σ over the rows of the loss in Double: −Σ_k target_k log softmax_k.
  func loss(_ outputs: [Double], smoothing: Double) -> Double {
    zip(0..., labels).reduce(0) { sum, sample in
      let row = Array(outputs[(sample.0 * classes)..<((sample.0 + 1) * classes)])
      let largest = row.max()!
      let logarithm = log(row.reduce(0) { $0 + exp($1 - largest) }) + largest
      return row.indices.reduce(sum) { sum, k in
        let target = (k == sample.1 ? 1 - smoothing : 0) + smoothing / Double(classes)
        return sum + target * (logarithm - row[k])
      }
    }
  }

  func score(
    _ outputs: GuardedMatrix, gradient: GuardedMatrix? = nil, scale: Float = 1, smoothing: Float = 0
  ) -> BatchScore {
    softmaxCrossEntropy(
      outputs.matrix, labels: labels, gradient: gradient?.matrix, scale: scale, smoothing: smoothing)
  }

  func matrix(_ numbers: [Float]? = nil) -> GuardedMatrix {
    GuardedMatrix(rows, classes, gap: 3, surroundings: .nan, numbers)
  }
}

struct SoftmaxCrossEntropyTests {
  static let smoothings: [Float] = [0, 0.1, 0.9]

  @Test(arguments: Batch.all, smoothings)
  private func theLossIsThatOfDouble(batch: Batch, smoothing: Float) {
    let score = batch.score(batch.matrix(batch.outputs), smoothing: smoothing)
    let expected = batch.loss(batch.outputs.map(Double.init), smoothing: Double(smoothing))
    #expect(abs(score.loss - expected) <= 1e-6 * max(expected, 1))
  }

  @Test(arguments: Batch.all, smoothings)
  private func theGradientAgreesWithCentralDifferences(batch: Batch, smoothing: Float) {
    let gradient = batch.matrix()
    _ = batch.score(batch.matrix(batch.outputs), gradient: gradient, scale: 0.5, smoothing: smoothing)
    #expect(gradient.isIntactOutside())
    var outputs = batch.outputs.map(Double.init)
    let expected = outputs.indices.map { index in
      let (middle, step) = (outputs[index], 1e-5)
      outputs[index] = middle + step
      let above = batch.loss(outputs, smoothing: Double(smoothing))
      outputs[index] = middle - step
      let below = batch.loss(outputs, smoothing: Double(smoothing))
      outputs[index] = middle
      return 0.5 * (above - below) / (2 * step)
    }
    // Of a single class, and where all is right already, there is nothing to be relative to.
    for (value, reference) in zip(gradient.numbers, expected) { #expect(abs(Double(value) - reference) < 1e-6) }
  }

  @Test(arguments: Batch.all, smoothings)
  private func theGradientSumsToZeroOverTheClasses(batch: Batch, smoothing: Float) {
    let gradient = batch.matrix()
    _ = batch.score(batch.matrix(batch.outputs), gradient: gradient, smoothing: smoothing)
    for row in 0..<batch.rows {
      #expect(abs((0..<batch.classes).reduce(0) { $0 + gradient.matrix.row(row)[$1] }) < 1e-6)
    }
  }

  /// torch.nn.CrossEntropyLoss(label_smoothing=0.1, reduction="sum") of PyTorch 2, in Double.
  @Test func smoothingIsThatOfTorch() {
    let outputs = GuardedMatrix(2, 3, gap: 2, surroundings: .nan, [1.5, -0.25, 3, 0, 2, -1])
    let gradient = GuardedMatrix(2, 3, gap: 1, surroundings: .nan)
    let score = softmaxCrossEntropy(
      outputs.matrix, labels: [0, 1], gradient: gradient.matrix, scale: 1, smoothing: 0.1)
    #expect(abs(score.loss - 2.0774680026583185) < 1e-6)
    let expected = [
      -0.756513151225889, -0.0026065930068969005, 0.7591197442327859, 0.08086186605126114, -0.08953859885199389,
      0.008676732800732716,
    ]
    for (value, reference) in zip(gradient.numbers, expected) { #expect(abs(Double(value) - reference) < 1e-6) }
  }

  @Test(arguments: Batch.all, smoothings)
  private func smoothingWeighsTheLossesOfAllLabels(batch: Batch, smoothing: Float) {
    let outputs = batch.matrix(batch.outputs)
    let ofEach = (0..<batch.classes).map { k in
      softmaxCrossEntropy(
        outputs.matrix, labels: Array(repeating: Int32(k), count: batch.rows), gradient: nil, scale: 1
      ).loss
    }
    let mean = ofEach.reduce(0, +) / Double(batch.classes)
    let plain = batch.score(outputs)
    let smoothed = batch.score(outputs, smoothing: smoothing)
    let expected = (1 - Double(smoothing)) * plain.loss + Double(smoothing) * mean
    #expect(abs(smoothed.loss - expected) <= 1e-9 * max(expected, 1))
    #expect(smoothed.correct == plain.correct)
  }

  @Test(arguments: Batch.all)
  private func askingForTheGradientChangesNothingElse(batch: Batch) {
    for smoothing in Self.smoothings {
      let (apart, inPlace) = (batch.matrix(batch.outputs), batch.matrix(batch.outputs))
      let gradient = batch.matrix()
      let score = batch.score(apart, smoothing: smoothing)
      #expect(batch.score(apart, gradient: gradient, scale: 0.25, smoothing: smoothing) == score)
      #expect(firstDifference(apart.numbers, batch.outputs) == nil)
      #expect(batch.score(inPlace, gradient: inPlace, scale: 0.25, smoothing: smoothing) == score)
      #expect(firstDifference(inPlace.numbers, gradient.numbers) == nil)
    }
  }

  @Test(arguments: Batch.all)
  private func addingANumberToAllOutputsOfASampleChangesNothing(batch: Batch) {
    let shifted = batch.score(batch.matrix(batch.outputs.map { $0 + 64 }))
    let score = batch.score(batch.matrix(batch.outputs))
    #expect(abs(shifted.loss - score.loss) < 1e-4 * Double(batch.rows) && shifted.correct == score.correct)
  }

  /// Down to the smallest normal numbers, relative to each.
  @Test func smallProbabilitiesAreAsExactAsLargeOnes() {
    for distance in stride(from: Float(0), to: 87, by: 0.37) {
      let outputs = GuardedMatrix(surroundings: .nan, [-1, -1 - distance])
      let gradient = GuardedMatrix(1, 2, surroundings: .nan)
      _ = softmaxCrossEntropy(outputs.matrix, labels: [0], gradient: gradient.matrix, scale: 1)
      let exact = exp(Double(outputs.numbers[1] + 1))
      #expect(abs(Double(gradient.numbers[1]) * (1 + exact) / exact - 1) < 3e-7)
    }
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
