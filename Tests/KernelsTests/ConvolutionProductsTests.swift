import Kernels
import Testing

/// A kernel that reads surroundings shows it by NaN, one that writes to them by changing the number.
private let surroundings: [Float] = [.nan, 1e6]

/// What a convolution works on, images lying apart in memory.
private struct Operands {
  let layer: ConvolutionCase
  let products: ConvolutionProducts
  let input: GuardedMatrix
  let weights: GuardedMatrix
  let outputGradient: GuardedMatrix

  init(_ layer: ConvolutionCase, surroundings: Float = .nan, products: ConvolutionProducts? = nil) {
    let (shape, rows) = (layer.shape, layer.rows)
    self.layer = layer
    self.products = products ?? layer.products
    input = GuardedMatrix(rows, shape.input.count, gap: 3, surroundings: surroundings, layer.input)
    weights = GuardedMatrix(surroundings: surroundings, layer.placedWeights)
    outputGradient = GuardedMatrix(rows, shape.output.count, gap: 2, surroundings: surroundings, layer.outputGradient)
  }

  func forward(into output: GuardedMatrix) {
    products.forward(weights: weights.pointer, input: input.matrix, output: output.matrix)
  }

  func inputGradient(into gradient: GuardedMatrix) {
    products.inputGradient(
      weights: weights.pointer, outputGradient: outputGradient.matrix, inputGradient: gradient.matrix)
  }

  func weightGradient(into gradient: GuardedMatrix) {
    products.weightGradient(
      input: input.matrix, outputGradient: outputGradient.matrix,
      target: GradientTarget(gradient: gradient.pointer, accumulating: false))
  }

  /// The numbers of all three products, the last as (window, outputs).
  var results: [[Float]] {
    let output = GuardedMatrix(layer.rows, layer.shape.output.count, surroundings: .nan)
    let inputGradient = GuardedMatrix(layer.rows, layer.shape.input.count, surroundings: .nan)
    let weightGradient = GuardedMatrix(1, layer.shape.weightCount, surroundings: .nan)
    forward(into: output)
    self.inputGradient(into: inputGradient)
    self.weightGradient(into: weightGradient)
    return [output.numbers, inputGradient.numbers, layer.unplaced(weightGradient.numbers)]
  }

  var areUntouched: Bool {
    firstDifference(input.numbers, layer.input) == nil
      && firstDifference(weights.numbers, layer.placedWeights) == nil
      && firstDifference(outputGradient.numbers, layer.outputGradient) == nil
      && input.isIntactOutside() && weights.isIntactOutside() && outputGradient.isIntactOutside()
  }
}

struct ConvolutionProductsTests {
  @Test(arguments: ConvolutionCase.all)
  func forwardIsTheSumOverWindows(layer: ConvolutionCase) {
    let expected = layer.expectedOutput
    for around in surroundings {
      let operands = Operands(layer, surroundings: around)
      let output = GuardedMatrix(layer.rows, layer.shape.output.count, gap: 3, surroundings: around)
      operands.forward(into: output)
      #expect(relativeError(output.numbers, expected) < layer.tolerance)
      #expect(output.isIntactOutside() && operands.areUntouched)
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func theInputGradientIsTheSumOverTheWindowsAPixelIsIn(layer: ConvolutionCase) {
    let expected = layer.expectedInputGradient
    for around in surroundings {
      let operands = Operands(layer, surroundings: around)
      let inputGradient = GuardedMatrix(layer.rows, layer.shape.input.count, gap: 3, surroundings: around)
      operands.inputGradient(into: inputGradient)
      #expect(relativeError(inputGradient.numbers, expected) < layer.tolerance)
      #expect(inputGradient.isIntactOutside() && operands.areUntouched)
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func theWeightGradientIsTheSumOverPixelsAndImages(layer: ConvolutionCase) {
    let expected = layer.expectedWeightGradient
    for around in surroundings {
      let operands = Operands(layer, surroundings: around)
      // What was in the gradient before must not matter either.
      let gradient = GuardedMatrix(1, layer.shape.weightCount, surroundings: around)
      operands.weightGradient(into: gradient)
      #expect(relativeError(layer.unplaced(gradient.numbers), expected) < layer.tolerance)
      #expect(gradient.isIntactOutside() && operands.areUntouched)
    }
  }

  /// ⟨w ∗ x, dy⟩ = ⟨x, the input's gradient⟩ = ⟨w, the weights' gradient⟩: each is linear in w, x and dy.
  @Test(arguments: ConvolutionCase.all)
  func theThreeProductsAreAdjoint(layer: ConvolutionCase) {
    let results = Operands(layer).results
    let forms = zip(results, [layer.outputGradient, layer.input, layer.weights]).map { product($0, $1) }
    let size = (product(results[0], results[0]) * product(layer.outputGradient, layer.outputGradient)).squareRoot()
    #expect(abs(forms[0] - forms[1]) < layer.tolerance * size)
    #expect(abs(forms[0] - forms[2]) < layer.tolerance * size)
  }

  private func product(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  @Test(arguments: ConvolutionCase.all.filter { $0.kernels == .winograd })
  func winogradsKernelsAgreeWithDirectOnes(layer: ConvolutionCase) {
    let direct = ConvolutionCase(kernels: .direct, shape: layer.shape, rows: layer.rows)
    for (result, expected) in zip(Operands(layer).results, Operands(direct).results) {
      #expect(relativeError(result, expected.map(Double.init)) < 1e-5)
      #expect(firstDifference(result, expected) != nil, "these are the same kernels")
    }
  }

  /// The scratch of one batch must leave nothing for the next.
  @Test(arguments: ConvolutionCase.all.filter { $0.rows > 1 })
  func aSmallBatchAfterALargeOneIsAsAlone(layer: ConvolutionCase) {
    let (large, small) = (Operands(layer), ConvolutionCase(kernels: layer.kernels, shape: layer.shape, rows: 1))
    _ = large.results
    for (after, alone) in zip(Operands(small, products: large.products).results, Operands(small).results) {
      #expect(firstDifference(after, alone) == nil)
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func everyWeightHasAPlaceOfItsOwn(layer: ConvolutionCase) {
    let products = layer.products
    var places: [Int] = []
    layer.forEachWeight { window, output, _ in places.append(products.index(window: window, output: output)) }
    #expect(places.sorted().elementsEqual(0..<layer.shape.weightCount))
  }

  @Test func winogradsKernelsLeaveWhatTheyCannotDoToDirectOnes() {
    func kernels(_ channels: Int, _ outputs: Int, _ window: Int, _ stride: Int, _ padding: Int) -> String {
      let shape = ConvolutionShape(
        input: ImageShape(height: 9, width: 7, channels: channels), outputs: outputs, kernel: window, stride: stride,
        padding: padding)
      return ConvolutionProducts(shape, kernels: .winograd).kernels.rawValue
    }
    #expect(kernels(16, 48, 3, 1, 1) == "winograd" && kernels(16, 48, 5, 1, 2) == "winograd")
    #expect(kernels(3, 16, 3, 1, 1) == "direct" && kernels(16, 33, 3, 1, 1) == "direct")
    #expect(kernels(16, 16, 5, 1, 1) == "direct" && kernels(16, 16, 3, 2, 1) == "direct")
    #expect(kernels(16, 16, 3, 1, 0) == "direct")
  }
}
