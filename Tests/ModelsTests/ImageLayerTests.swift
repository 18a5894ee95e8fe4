import Kernels
import Models
import Testing

/// What a forward and a backward pass in training mode leave.
private struct Passes {
  let layer: any Layer
  let output: Rows
  let inner: Rows?
  let inputGradient: Rows
  /// Where there is a shortcut, ∂loss/∂(what it comes from).
  let sourceGradient: Rows?
  let gradient: ParameterVector
  /// The parameters, as exported.
  let exported: [Double]

  init(_ given: ImageLayerCase) {
    let (batch, parameters, source) = (given.batch, given.parameters, given.sourceRows)
    layer = given.layer
    let outputGradient = Rows(given.rows, layer.outputCount, given.outputGradient)
    let statistics = ParameterVector(count: layer.statisticCount)
    output = Rows(given.rows, layer.outputCount)
    inputGradient = Rows(given.rows, layer.inputCount)
    gradient = ParameterVector(count: parameters.count)
    exported = layer.tensors.exported(from: parameters.pointer).map(Double.init)
    // Storing must not depend on what was there.
    gradient.elements.update(repeating: .nan)
    inner = layer.innerCount > 0 ? Rows(given.rows, layer.innerCount) : nil
    layer.forward(
      ForwardPass(
        parameters: parameters.pointer, statistics: statistics.pointer, input: batch.input, output: output.matrix,
        inner: inner?.matrix, shortcut: source?.matrix, mode: .training))
    layer.backward(
      BackwardPass(
        parameters: parameters.pointer, target: GradientTarget(gradient: gradient.pointer, accumulating: false),
        input: batch.input, output: output.matrix, inner: inner?.matrix, outputGradient: outputGradient.matrix,
        inputGradient: inputGradient.matrix))
    sourceGradient = given.source.map { Rows(given.rows, $0.count) }
    if let sourceGradient, let (shortcut, _) = layer.shortcut {
      for row in 0..<given.rows {
        shortcut.addGradient(outputGradient.matrix.row(row), to: sourceGradient.matrix.row(row))
      }
    }
  }
}

struct ImageLayerTests {
  @Test(arguments: ImageLayerCase.all)
  func forwardIsTheReferences(layer: ImageLayerCase) {
    let passes = Passes(layer)
    let expected = layer.reference.apply(passes.exported[...], layer.batch.samples, layer.sourceRows.map(samples))
    #expect(relativeError(passes.output.numbers, expected.flatMap { $0 }) < 1e-5)
  }

  @Test(arguments: ImageLayerCase.all)
  func gradientsAgreeWithCentralDifferences(layer: ImageLayerCase) {
    let passes = Passes(layer)
    // The loss whose gradient with respect to the outputs is the one that was handed in.
    let weights = layer.outputGradient.map(Double.init)
    func loss(_ parameters: [Double], _ inputs: [[Double]], _ source: [[Double]]?) -> Double {
      zip(weights, layer.reference.apply(parameters[...], inputs, source).joined()).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let (inputs, source) = (layer.batch.samples, layer.sourceRows.map(samples))
    if layer.layer.parameterCount > 0 {
      let expected = centralDifferences(passes.exported) { loss($0, inputs, source) }
      #expect(relativeError(layer.layer.tensors.exported(from: passes.gradient.pointer), expected) < 1e-4)
    }
    let byInput = centralDifferences(inputs.flatMap { $0 }) { loss(passes.exported, split($0, layer.rows), source) }
    #expect(relativeError(passes.inputGradient.numbers, byInput) < 1e-4)
    if let source, let gradient = passes.sourceGradient {
      let bySource = centralDifferences(source.flatMap { $0 }) { loss(passes.exported, inputs, split($0, layer.rows)) }
      #expect(relativeError(gradient.numbers, bySource) < 1e-4)
    }
  }

  /// Neither the first layer's input nor its gradient is of use to anybody.
  @Test(arguments: ImageLayerCase.all.filter { $0.layer.kernels != nil })
  func withoutAnInputGradientTheParametersGradientIsTheSame(layer: ImageLayerCase) {
    let (passes, batch, parameters) = (Passes(layer), layer.batch, layer.parameters)
    let gradient = ParameterVector(count: parameters.count)
    let outputGradient = Rows(layer.rows, layer.layer.outputCount, layer.outputGradient)
    passes.layer.backward(
      BackwardPass(
        parameters: parameters.pointer, target: GradientTarget(gradient: gradient.pointer, accumulating: false),
        input: batch.input, output: passes.output.matrix, inner: passes.inner?.matrix,
        outputGradient: outputGradient.matrix, inputGradient: nil))
    #expect(firstDifference(gradient.elements, passes.gradient.elements) == nil)
  }

  @Test(arguments: ImageLayerCase.all)
  func tensorsPlaceEveryNumberOnce(layer: ImageLayerCase) {
    for (tensors, count) in [
      (layer.layer.tensors, layer.layer.parameterCount), (layer.layer.statistics, layer.layer.statisticCount),
    ] {
      let places = tensors.flatMap { tensor in (0..<tensor.count).map { tensor.offset + tensor.place($0) } }
      #expect(places.sorted().elementsEqual(0..<count))
    }
    #expect(layer.layer.parameterCount == layer.reference.parameterCount)
  }

  @Test func convolutionsStartAsHeWouldHaveThem() {
    let shape = ConvolutionShape(
      input: ImageShape(height: 4, width: 4, channels: 48), outputs: 160, kernel: 3, padding: 1)
    let starts = ConvolutionProducts.Kernels.allCases.map { kernels -> [Float] in
      let layer = PooledConvolution(Convolution("conv", shape, kernels: kernels), pooling: 2)
      let parameters = ParameterVector(count: layer.parameterCount)
      // What was there before is forgotten.
      parameters.elements.update(repeating: 5)
      var random = RandomSource(seed: 3, purpose: .initialization)
      layer.initialize(parameters.pointer, random: &random)
      return layer.tensors.exported(from: parameters.pointer)
    }
    for start in starts { #expect(firstDifference(start, starts[0]) == nil) }
    let weights = starts[0][..<shape.weightCount].map(Double.init)
    let mean = weights.reduce(0, +) / Double(weights.count)
    let variance = weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)
    #expect(abs(mean) < 1e-3 && abs(variance * Double(shape.windowCount) / 2 - 1) < 0.02)
    #expect(starts[0][shape.weightCount...].allSatisfy { $0 == 0 })
  }

  private func samples(_ rows: Rows) -> [[Double]] { split(rows.numbers.map(Double.init), rows.matrix.rows) }

  private func split(_ numbers: [Double], _ rows: Int) -> [[Double]] {
    let columns = numbers.count / rows
    return (0..<rows).map { Array(numbers[($0 * columns)..<(($0 + 1) * columns)]) }
  }
}
