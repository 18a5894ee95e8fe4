import Kernels
import Testing

struct SequenceKernelsTests {
  @Test(arguments: [0.5, 3.0, 100.0])
  func aGradientIsCutToTheLimit(limit: Double) {
    let numbers = normalNumbers(37, stream: 1)
    let vector = ParameterVector(numbers)
    let norm = vector.squaredNorm().squareRoot()
    vector.clipNorm(to: Float(limit))
    let factor = min(1, limit / (norm + 1e-6))
    #expect(relativeError(Array(vector.elements), numbers.map { factor * Double($0) }) < 1e-6)
    if norm < limit { #expect(firstDifference(vector.elements, numbers) == nil) }
    #expect(vector.hasZeroPadding)
  }

  @Test func whatIsNotFiniteIsNotCut() {
    let vector = ParameterVector([1, .nan, 3])
    vector.clipNorm(to: 0.1)
    #expect(vector.pointer[0] == 1 && vector.pointer[1].isNaN)
  }

  /// Numbers whose mask is 1 step as all do, others as without weight decay.
  @Test func onlyMaskedNumbersDecay() {
    let count = 45
    let (x, g) = (normalNumbers(count, stream: 1), normalNumbers(count, stream: 2))
    func stepped(decay: Double, mask: [Float]?) -> [Float] {
      let parameters = ParameterVector(x)
      let (m, v) = (ParameterVector(count: count), ParameterVector(count: count))
      let plain = LocalStep.adamW(
        learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: decay, step: 1)
      let mask = mask.map { ParameterVector($0) }
      withExtendedLifetime(mask) {
        _ = parameters.descend(
          mask.map(plain.decaying) ?? plain, gradient: ParameterVector(g), momentumBuffer: m, secondMoment: v)
      }
      return Array(parameters.elements)
    }
    let mask = (0..<count).map { $0 % 3 == 0 ? Float(1) : 0 }
    let (all, none, some) = (
      stepped(decay: 0.5, mask: nil), stepped(decay: 0, mask: nil), stepped(decay: 0.5, mask: mask)
    )
    for index in 0..<count { #expect(some[index] == (mask[index] == 1 ? all[index] : none[index])) }
    #expect(firstDifference(stepped(decay: 0.5, mask: Array(repeating: 1, count: count)), all) == nil)
  }

  /// As many are dropped as asked for, which ones the stream says, and the mean stays.
  @Test(arguments: [Float(0), 0.1, 0.5, 0.9])
  func dropoutKeepsTheMean(probability: Float) {
    let (rows, columns) = (40, 77)
    let ones = GuardedMatrix(rows, columns, gap: 3, surroundings: .nan, Array(repeating: 1, count: rows * columns))
    func dropped(position: Int) -> [Float] {
      let output = GuardedMatrix(rows, columns, gap: 3, surroundings: 1e6)
      DropoutKernels.apply(
        ones.matrix, output.matrix, probability: probability,
        LaneRandom(seed: 5, purpose: .dropout, worker: 1, position: position))
      #expect(output.isIntactOutside())
      return output.numbers
    }
    let numbers = dropped(position: 3)
    #expect(Set(numbers).isSubset(of: [0, 1 / (1 - probability)]))
    let share = Double(numbers.count { $0 == 0 }) / Double(numbers.count)
    #expect(abs(share - Double(probability)) < 4 * (0.25 / Double(numbers.count)).squareRoot())
    #expect(dropped(position: 3) == numbers)
    if probability > 0 { #expect(dropped(position: 4) != numbers) }
  }

  /// The gradient for the input by the kernel of the forward pass has the bits of the one by its own.
  @Test(arguments: [(8, 33, 3), (45, 70, 40), (256, 64, 10), (16, 8, 5), (9, 5, 2)])
  func theAdjointProductIsTheInputGradient(inputs: Int, outputs: Int, rows: Int) {
    let products = DenseProducts(inputCount: inputs, outputCount: outputs)
    let weights = AlignedBuffer(normalNumbers(inputs * outputs, stream: 1))
    func rowsOf(_ columns: Int, _ numbers: [Float]?) -> (Matrix, AlignedBuffer<Float>) {
      let stride = (columns + 31) / 32 * 32 + 16
      let memory = AlignedBuffer<Float>(count: rows * stride)
      let matrix = Matrix(memory.pointer, rows: rows, columns: columns, stride: stride)
      for (index, number) in (numbers ?? []).enumerated() { matrix.row(index / columns)[index % columns] = number }
      return (matrix, memory)
    }
    let (gradient, first) = rowsOf(outputs, normalNumbers(rows * outputs, stream: 2))
    let (own, second) = rowsOf(inputs, nil)
    let (adjoint, third) = rowsOf(inputs, nil)
    products.inputGradient(weights: weights.pointer, outputGradient: gradient, inputGradient: own)
    let product = AdjointProduct(of: products)
    product.prepare(weights.pointer)
    product.inputGradient(weights: weights.pointer, outputGradient: gradient, inputGradient: adjoint)
    withExtendedLifetime([first, second, third]) {
      for row in 0..<rows {
        let pair = (
          UnsafeBufferPointer(start: own.row(row), count: inputs),
          UnsafeBufferPointer(start: adjoint.row(row), count: inputs)
        )
        #expect(firstDifference(pair.0, pair.1) == nil, "row \(row)")
      }
    }
  }
}
