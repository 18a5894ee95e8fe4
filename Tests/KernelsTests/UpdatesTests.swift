import Kernels
import Testing

private let lengths = [1, 15, 16, 17, 1000, 100_003]

struct UpdatesTests {
  @Test(arguments: lengths)
  func addAddsTheScaledVector(length: Int) {
    let (v, w) = vectors(length)
    let expected = doubles(v, w) { $0 + Double(Float(-0.3)) * $1 }
    v.add(-0.3, times: w)
    #expect(relativeError(Array(v.elements), expected) < 1e-6)
    #expect(v.hasZeroPadding)
  }

  @Test(arguments: lengths)
  func assignGivesTheScaledVectorAndTheSquareOfTheWayThere(length: Int) {
    let (v, w) = vectors(length)
    let scaled = w.elements.map { 0.25 * $0 }
    let squares = doubles(v, w) { ($0 - 0.25 * $1) * ($0 - 0.25 * $1) }.reduce(0, +)
    let distance = v.assign(0.25, times: w)
    #expect(firstDifference(v.elements, scaled) == nil)
    #expect(abs(distance - squares) < 1e-6 * squares)
    #expect(v.assign(0.25, times: w) == 0)
    #expect(v.hasZeroPadding)
  }

  @Test(arguments: lengths)
  func assignAllowsTheVectorItself(length: Int) {
    let (v, _) = vectors(length)
    let expected = v.elements.map { 0.5 * $0 }
    let squares = v.elements.reduce(0.0) { $0 + 0.25 * Double($1) * Double($1) }
    #expect(abs(v.assign(0.5, times: v) - squares) < 1e-6 * squares)
    #expect(firstDifference(v.elements, expected) == nil)
  }

  @Test(arguments: lengths)
  func scaleMultipliesEveryNumber(length: Int) {
    let (v, _) = vectors(length)
    let expected = v.elements.map { 0.7 * $0 }
    v.scale(by: 0.7)
    #expect(firstDifference(v.elements, expected) == nil)
    #expect(v.hasZeroPadding)
  }

  @Test(arguments: lengths, [0, 0.01] as [Float])
  func descendIsAStepOfSGDAndReturnsTheSquareOfItsGradient(length: Int, weightDecay: Float) {
    let (x, g) = vectors(length)
    let total = doubles(x, g) { $1 + Double(weightDecay) * $0 }
    let expected = zip(x.elements, total).map { Double($0) - Double(Float(0.1)) * $1 }
    let squares = total.reduce(0) { $0 + $1 * $1 }
    let step = LocalStep(learningRate: 0.1, momentum: 0, weightDecay: weightDecay)
    let squaredNorm = x.descend(step, gradient: g)
    #expect(abs(squaredNorm - squares) < 1e-6 * squares)
    #expect(relativeError(Array(x.elements), expected) < 1e-6)
    #expect(x.hasZeroPadding)
  }

  @Test(arguments: lengths, [0, 0.01] as [Float])
  func momentumGathersGradientsAsTorchDoes(length: Int, weightDecay: Float) {
    let (x, g) = vectors(length)
    let u = ParameterVector(count: length)
    let step = LocalStep(learningRate: 0.1, momentum: 0.9, weightDecay: weightDecay)
    var (expected, buffer) = (x.elements.map(Double.init), [Double](repeating: 0, count: length))
    for _ in 0..<3 {
      x.descend(step, gradient: g, momentumBuffer: u)
      for i in 0..<length {
        let total = Double(g.pointer[i]) + Double(weightDecay) * expected[i]
        buffer[i] = Double(Float(0.9)) * buffer[i] + total
        expected[i] -= Double(Float(0.1)) * buffer[i]
      }
    }
    #expect(relativeError(Array(x.elements), expected) < 1e-6)
    #expect(relativeError(Array(u.elements), buffer) < 1e-6)
    #expect(x.hasZeroPadding && u.hasZeroPadding)
  }

  @Test(arguments: lengths)
  func withoutMomentumBothFormsOfTheStepGiveTheSameBits(length: Int) {
    let ((plain, g), (withBuffer, _)) = (vectors(length), vectors(length))
    let step = LocalStep(learningRate: 0.1, momentum: 0, weightDecay: 0.01)
    _ = plain.descend(step, gradient: g)
    withBuffer.descend(step, gradient: g, momentumBuffer: ParameterVector(count: length))
    #expect(firstDifference(plain.elements, withBuffer.elements) == nil)
  }

  /// x ← a quarter of `source`, less the step.
  private func stepFromMean(
    _ x: ParameterVector, momentum u: ParameterVector?, _ g: ParameterVector, of source: JointUpdate.Source,
    _ step: LocalStep
  ) -> JointUpdate.SquaredNorms {
    let update = JointUpdate(
      sources: [source], replicas: [JointUpdate.Replica(parameters: x, momentum: u, gradient: g)])
    update.averageModels(
      0..<x.vectorCount, 0.25, momentum: source.momentum == nil ? .keep : .average, step: step)
    return update.squares(0)
  }

  @Test(arguments: lengths, [0, 0.01] as [Float])
  func aStepFromAMeanGivesTheBitsOfDecayAverageAndStep(length: Int, weightDecay: Float) {
    for ownSum in [false, true] {
      let ((x, g), (apart, total)) = (vectors(length), vectors(length))
      let sum = ownSum ? x : ParameterVector(normalNumbers(length, stream: 3))
      let step = LocalStep(learningRate: 0.1, momentum: 0, weightDecay: weightDecay)
      total.add(weightDecay, times: apart)
      let deviation = apart.assign(0.25, times: ownSum ? apart : sum)
      let norm = apart.descend(LocalStep(learningRate: 0.1, momentum: 0, weightDecay: 0), gradient: total)
      let squares = stepFromMean(x, momentum: nil, g, of: JointUpdate.Source(sum), step)
      #expect(firstDifference(x.elements, apart.elements) == nil)
      #expect(squares.deviation == deviation && squares.gradient == norm)
      #expect(x.hasZeroPadding)
    }
  }

  @Test(arguments: lengths, [false, true])
  func aStepWithMomentumFromAMeanGivesTheBitsOfItsParts(length: Int, averagesMomentum: Bool) {
    let ((x, g), (apart, total)) = (vectors(length), vectors(length))
    let sum = ParameterVector(normalNumbers(length, stream: 3))
    let (u, uApart) = (ParameterVector(normalNumbers(length, stream: 4)), ParameterVector(count: length))
    let momentumSum = averagesMomentum ? ParameterVector(normalNumbers(length, stream: 5)) : nil
    uApart.copy(from: u)
    total.add(0.01, times: apart)
    let deviation = apart.assign(0.25, times: sum)
    if let momentumSum { _ = uApart.assign(0.25, times: momentumSum) }
    apart.descend(
      LocalStep(learningRate: 0.1, momentum: 0.9, weightDecay: 0), gradient: total, momentumBuffer: uApart)
    let squares = stepFromMean(
      x, momentum: u, g, of: JointUpdate.Source(sum, momentum: momentumSum),
      LocalStep(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01))
    #expect(squares.deviation == deviation)
    #expect(firstDifference(x.elements, apart.elements) == nil && firstDifference(u.elements, uApart.elements) == nil)
    #expect(x.hasZeroPadding && u.hasZeroPadding)
  }

  @Test(arguments: lengths)
  func copyingAndZeroingLeaveThePaddingAlone(length: Int) {
    let (v, w) = vectors(length)
    v.copy(from: w)
    #expect(firstDifference(v.elements, w.elements) == nil && v.hasZeroPadding)
    v.setToZero()
    #expect(v.elements.allSatisfy { $0 == 0 })
  }

  @Test func partsOfOneBufferDoNotTouchEachOther() {
    let buffer = AlignedBuffer(normalNumbers(96, stream: 1))
    for index in 0..<96 where index % 32 >= 17 { buffer[index] = 0 }
    let parts = (0..<3).map { ParameterVector(buffer, offset: 32 * $0, count: 17) }
    let before = parts.map { Array($0.elements) }
    parts[1].scale(by: 3)
    parts[1].add(2, times: parts[0])
    for index in [0, 2] { #expect(firstDifference(parts[index].elements, before[index]) == nil) }
  }
}

struct ReductionsTests {
  @Test(arguments: lengths)
  func squaredNormAndDistanceAreSumsOfSquares(length: Int) {
    let (v, w) = vectors(length)
    let norm = doubles(v, w) { v, _ in v * v }.reduce(0, +)
    let distance = doubles(v, w) { ($0 - $1) * ($0 - $1) }.reduce(0, +)
    #expect(abs(v.squaredNorm() - norm) < 1e-6 * norm)
    #expect(abs(v.squaredDistance(to: w) - distance) < 1e-6 * distance)
    #expect(v.squaredDistance(to: v) == 0)
  }

  /// Single precision alone would stop counting at 2^24.
  @Test func aLongVectorLosesNothing() {
    let v = ParameterVector(count: 20_000_000)
    v.elements.update(repeating: 1)
    #expect(v.squaredNorm() == 20_000_000)
  }

  @Test(arguments: lengths)
  func notANumberAnywhereShowsInTheNorm(length: Int) {
    for place in [0, length / 2, length - 1] {
      let (v, w) = vectors(length)
      v.pointer[place] = .nan
      #expect(v.squaredNorm().isNaN && w.squaredDistance(to: v).isNaN)
    }
  }

  /// FNV-1a of a zero, and of one: published for one byte.
  @Test func bitHashGivesTheKnownAnswers() {
    #expect(ParameterVector([0]).bitHash() == 0xaf63_bd4c_8601_b7df)
    #expect(ParameterVector([Float(bitPattern: 1)]).bitHash() == 0xaf63_bc4c_8601_b62c)
  }

  @Test(arguments: lengths)
  func bitHashIsEqualForEqualBitsOnly(length: Int) {
    let (v, _) = vectors(length)
    let copy = ParameterVector(Array(v.elements))
    #expect(v.bitHash() == copy.bitHash())
    for place in [0, length / 2, length - 1] {
      for bit in [0, 13, 31] {
        copy.copy(from: v)
        copy.pointer[place] = Float(bitPattern: v.pointer[place].bitPattern ^ 1 << bit)
        #expect(v.bitHash() != copy.bitHash())
      }
    }
  }

  @Test func bitHashTellsOrdersZerosAndLengthsApart() {
    let vectors: [[Float]] = [[1, 2], [2, 1], [0], [-0.0], [0, 0], []]
    #expect(Set(vectors.map { ParameterVector($0).bitHash() }).count == vectors.count)
    let nan = ParameterVector([.nan])
    #expect(nan.bitHash() == nan.bitHash())
  }
}

private func vectors(_ length: Int) -> (ParameterVector, ParameterVector) {
  (ParameterVector(normalNumbers(length, stream: 1)), ParameterVector(normalNumbers(length, stream: 2)))
}

private func doubles(_ v: ParameterVector, _ w: ParameterVector, _ body: (Double, Double) -> Double) -> [Double] {
  zip(v.elements, w.elements).map { body(Double($0), Double($1)) }
}
