import Kernels
import Testing

/// A kernel that reads surroundings shows it by NaN, one that writes to them by changing the number.
private let surroundings: [Float] = [.nan, 1e6]

struct DenseProductsTests {
  @Test(arguments: DenseCase.all, surroundings)
  func forwardIsTheProductPlusTheBias(layer: DenseCase, around: Float) {
    let (inputs, outputs) = (layer.inputCount, layer.outputCount)
    let input = GuardedMatrix(layer.rows, inputs, gap: 3, surroundings: around, layer.input)
    let weights = GuardedMatrix(surroundings: around, layer.placedWeights)
    let bias = GuardedMatrix(surroundings: around, layer.bias)
    // Panels may fill up what the output's rows leave of theirs.
    let room = layer.kernels == .panels ? rounded(outputs, upTo: DenseCase.tile.outputs) : outputs
    let output = GuardedMatrix(layer.rows, outputs, gap: room - outputs + 3, surroundings: around)

    layer.products.forward(weights: weights.pointer, bias: bias.pointer, input: input.matrix, output: output.matrix)
    #expect(relativeError(output.numbers, layer.expectedOutput) < 1e-6)
    #expect(output.isIntactOutside(room: room))
    #expect(firstDifference(input.numbers, layer.input) == nil)
    #expect(firstDifference(weights.numbers, layer.placedWeights) == nil)
  }

  @Test(arguments: DenseCase.all)
  func askingForUpcomingRowsChangesNoBit(layer: DenseCase) {
    let input = GuardedMatrix(layer.rows, layer.inputCount, surroundings: .nan, layer.input)
    let rows = AlignedBuffer((0..<layer.rows).map { UnsafePointer(input.matrix.row($0)) })
    let outputGradient = GuardedMatrix(layer.rows, layer.outputCount, surroundings: .nan, layer.outputGradient)
    func gradient(upcoming: UpcomingRows?) -> [Float] {
      let gradient = GuardedMatrix(1, layer.weightCount, surroundings: .nan)
      layer.products.weightGradient(
        input: input.matrix, outputGradient: outputGradient.matrix,
        target: GradientTarget(gradient: gradient.pointer, accumulating: false), upcoming: upcoming)
      return gradient.numbers
    }
    for count in [layer.rows, layer.rows / 2] {
      let upcoming = UpcomingRows(rows.pointer, count: count)
      #expect(firstDifference(gradient(upcoming: upcoming), gradient(upcoming: nil)) == nil)
    }
  }

  @Test(arguments: DenseCase.all.filter { $0.products.takesScatteredRows }, surroundings)
  func rowsMayLieAnywhere(layer: DenseCase, around: Float) {
    let input = GuardedMatrix(layer.rows, layer.inputCount, gap: 3, surroundings: around, layer.input)
    let weights = GuardedMatrix(surroundings: around, layer.placedWeights)
    let bias = GuardedMatrix(surroundings: around, layer.bias)
    let outputGradient = GuardedMatrix(layer.rows, layer.outputCount, surroundings: around, layer.outputGradient)
    // In falling order, every second row in memory being of another batch.
    let scattered = (0..<layer.rows).map { row in
      let number = 2 * (layer.rows - 1 - row)
      return layer.input[row * layer.inputCount..<(row + 1) * layer.inputCount].enumerated().map { ($0, $1, number) }
    }
    let memory = GuardedMatrix(2 * layer.rows, layer.inputCount, gap: 5, surroundings: around)
    for row in scattered { for (column, number, place) in row { memory.matrix.row(place)[column] = number } }
    let places = AlignedBuffer(
      (0..<layer.rows).map { UnsafePointer(memory.matrix.row(2 * (layer.rows - 1 - $0))) })
    let rows = Matrix(scattered: places.pointer, rows: layer.rows, columns: layer.inputCount)
    let results = [input.matrix, rows].map { input in
      let output = GuardedMatrix(layer.rows, layer.outputCount, surroundings: around)
      let gradient = GuardedMatrix(1, layer.weightCount, surroundings: around)
      layer.products.forward(weights: weights.pointer, bias: bias.pointer, input: input, output: output.matrix)
      layer.products.weightGradient(
        input: input, outputGradient: outputGradient.matrix,
        target: GradientTarget(gradient: gradient.pointer, accumulating: false))
      return output.numbers + gradient.numbers
    }
    #expect(firstDifference(results[0], results[1]) == nil)
    let half = rows.slice(layer.rows / 2..<layer.rows)
    for row in 0..<half.rows { #expect(half.row(row) == rows.row(layer.rows / 2 + row)) }
  }

  @Test(arguments: DenseCase.all, surroundings)
  func theInputGradientIsTheProductWithTheTransposedWeights(layer: DenseCase, around: Float) {
    let weights = GuardedMatrix(surroundings: around, layer.placedWeights)
    let outputGradient = GuardedMatrix(
      layer.rows, layer.outputCount, gap: 2, surroundings: around, layer.outputGradient)
    let inputGradient = GuardedMatrix(layer.rows, layer.inputCount, gap: 3, surroundings: around)

    layer.products.inputGradient(
      weights: weights.pointer, outputGradient: outputGradient.matrix, inputGradient: inputGradient.matrix)
    #expect(relativeError(inputGradient.numbers, layer.expectedInputGradient) < 1e-6)
    #expect(inputGradient.isIntactOutside())
    #expect(firstDifference(outputGradient.numbers, layer.outputGradient) == nil)
  }

  @Test(arguments: DenseCase.all, surroundings)
  func theWeightGradientIsTheProductOfTheTransposedInput(layer: DenseCase, around: Float) {
    let input = GuardedMatrix(layer.rows, layer.inputCount, gap: 3, surroundings: around, layer.input)
    let outputGradient = GuardedMatrix(
      layer.rows, layer.outputCount, gap: 2, surroundings: around, layer.outputGradient)
    // What was in the gradient before must not matter either.
    let gradient = GuardedMatrix(1, layer.weightCount, surroundings: around)

    layer.products.weightGradient(
      input: input.matrix, outputGradient: outputGradient.matrix,
      target: GradientTarget(gradient: gradient.pointer, accumulating: false))
    #expect(relativeError(layer.unplaced(gradient.numbers), layer.expectedWeightGradient) < 1e-6)
    #expect(gradient.isIntactOutside())
  }

  /// The scratch of one batch must leave nothing for the next.
  @Test(arguments: DenseProducts.Kernels.allCases)
  func aSmallBatchAfterALargeOneIsAsAlone(kernels: DenseProducts.Kernels) {
    let large = DenseCase(kernels: kernels, inputCount: 77, outputCount: 45, rows: 40)
    let small = DenseCase(kernels: kernels, inputCount: 77, outputCount: 45, rows: 5)
    let products = large.products
    let weights = GuardedMatrix(surroundings: 0, large.placedWeights)
    func inputGradient(_ layer: DenseCase, by products: DenseProducts) -> [Float] {
      let outputGradient = GuardedMatrix(layer.rows, 45, surroundings: 0, layer.outputGradient)
      let inputGradient = GuardedMatrix(layer.rows, 77, surroundings: 0)
      products.inputGradient(
        weights: weights.pointer, outputGradient: outputGradient.matrix, inputGradient: inputGradient.matrix)
      return inputGradient.numbers
    }
    _ = inputGradient(large, by: products)
    let alone = inputGradient(small, by: small.products)
    #expect(firstDifference(inputGradient(small, by: products), alone) == nil)
  }

  @Test(arguments: DenseCase.all)
  func everyWeightHasAPlaceOfItsOwn(layer: DenseCase) {
    let products = layer.products
    var taken = [Bool](repeating: false, count: layer.weightCount)
    layer.forEachWeight { input, output, _ in
      let place = products.index(input: input, output: output)
      #expect(!taken[place])
      taken[place] = true
    }
    #expect(taken.allSatisfy { $0 })
  }

  /// What the smallest kernel's tile cannot cover is left to BLAS, and everything where vectors are narrow.
  @Test(arguments: [1, 3, 4, 7, 8, 15, 16, 784], [1, 10, 32, 100])
  func kernelsThatSuitAreChosenForEveryShape(inputs: Int, outputs: Int) {
    let products = DenseProducts(inputCount: inputs, outputCount: outputs)
    let isOwn = inputs >= DenseCase.tile.inputs && VectorUnit.bits >= 256
    #expect((products.kernels != .blas) == isOwn)
  }
}
