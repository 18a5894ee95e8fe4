import Kernels
import Models
import Testing

/// A single layer on a batch, and ∂loss/∂output of some loss.
private struct LayerCase: CustomTestStringConvertible, Sendable {
  let kernels: DenseProducts.Kernels
  let activation: Activation
  let shape: [Int]

  static let all = DenseProducts.Kernels.allCases.flatMap { kernels in
    [Activation.none, .rectifier].flatMap { activation in
      [[8, 1, 1], [9, 33, 3], [37, 45, 5], [64, 32, 8], [17, 31, 40]].map { shape in
        LayerCase(kernels: kernels, activation: activation, shape: shape)
      }
    }
  }

  var testDescription: String { "\(kernels) \(inputs)→\(outputs), \(rows) rows, activation \(activation)" }
  var inputs: Int { shape[0] }
  var outputs: Int { shape[1] }
  var rows: Int { shape[2] }

  var layer: Dense { Dense("0", inputs: inputs, outputs: outputs, activation: activation, kernels: kernels) }
  var reference: ReferenceNetwork {
    ReferenceNetwork([.dense(inputs, outputs, isRectified: activation == .rectifier)])
  }
  /// Biases too are not zero here.
  var parameters: ParameterVector {
    let parameters = ParameterVector(count: layer.parameterCount)
    _ = parameters.elements.update(from: normalNumbers(parameters.count, stream: 2))
    return parameters
  }
  var outputGradient: [Float] { normalNumbers(rows * outputs, stream: 3) }
}

struct DenseTests {
  @Test(arguments: LayerCase.all)
  private func forwardIsTheReferences(layer: LayerCase) {
    let batch = Batch(rows: layer.rows, inputs: layer.inputs, classes: 1)
    let (parameters, output) = (layer.parameters, Rows(layer.rows, layer.outputs))
    layer.layer.forward(
      ForwardPass(
        parameters: parameters.pointer, statistics: parameters.pointer, input: batch.input, output: output.matrix,
        mode: .training))
    let exported = layer.layer.tensors.exported(from: parameters.pointer).map(Double.init)
    #expect(relativeError(output.numbers, layer.reference.outputs(exported, batch.samples).flatMap { $0 }) < 1e-6)
  }

  @Test(arguments: LayerCase.all)
  private func gradientsAgreeWithCentralDifferences(layer: LayerCase) {
    let batch = Batch(rows: layer.rows, inputs: layer.inputs, classes: 1)
    let parameters = layer.parameters
    let (gradient, inputGradient) = backward(layer, parameters, batch)

    // The loss whose gradient with respect to the outputs is the one that was handed in.
    let exported = layer.layer.tensors.exported(from: parameters.pointer).map(Double.init)
    let weights = layer.outputGradient.map(Double.init)
    func loss(_ parameters: [Double], _ samples: [[Double]]) -> Double {
      zip(weights, layer.reference.outputs(parameters, samples).joined()).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let samples = batch.samples
    #expect(relativeError(gradient, centralDifferences(exported) { loss($0, samples) }) < 1e-4)
    let inputs = layer.inputs
    let byInput = centralDifferences(samples.flatMap { $0 }) { flat in
      loss(exported, stride(from: 0, to: flat.count, by: inputs).map { Array(flat[$0..<($0 + inputs)]) })
    }
    #expect(relativeError(inputGradient, byInput) < 1e-4)
  }

  /// The parameters' gradient as exported, and the input's.
  private func backward(_ layer: LayerCase, _ parameters: ParameterVector, _ batch: Batch) -> ([Float], [Float]) {
    let output = Rows(layer.rows, layer.outputs)
    let outputGradient = Rows(layer.rows, layer.outputs, layer.outputGradient)
    let inputGradient = Rows(layer.rows, layer.inputs)
    let gradient = ParameterVector(count: parameters.count)
    layer.layer.forward(
      ForwardPass(
        parameters: parameters.pointer, statistics: parameters.pointer, input: batch.input, output: output.matrix,
        mode: .training))
    layer.layer.backward(
      BackwardPass(
        parameters: parameters.pointer, target: GradientTarget(gradient: gradient.pointer, accumulating: false),
        input: batch.input, output: output.matrix, outputGradient: outputGradient.matrix,
        inputGradient: inputGradient.matrix))
    return (layer.layer.tensors.exported(from: gradient.pointer), inputGradient.numbers)
  }

  @Test(arguments: LayerCase.all)
  private func tensorsPlaceEveryNumberOnce(layer: LayerCase) {
    let tensors = layer.layer.tensors
    let places = tensors.flatMap { tensor in (0..<tensor.count).map { tensor.offset + tensor.place($0) } }
    #expect(layer.layer.parameterCount == (layer.inputs + 1) * layer.outputs)
    #expect(places.sorted().elementsEqual(0..<layer.layer.parameterCount))
  }

  @Test(arguments: [(8, 1), (9, 33), (37, 45), (784, 100)])
  func initializationDoesNotDependOnTheKernels(inputs: Int, outputs: Int) {
    func numbers(_ kernels: DenseProducts.Kernels?) -> [Float] {
      let layer = Dense("0", inputs: inputs, outputs: outputs, kernels: kernels)
      let parameters = ParameterVector(count: layer.parameterCount)
      var random = RandomSource(seed: 3, purpose: .initialization)
      layer.initialize(parameters.pointer, random: &random)
      return layer.tensors.exported(from: parameters.pointer)
    }
    #expect(firstDifference(numbers(.blas), numbers(.panels)) == nil)
    #expect(firstDifference(numbers(.blas), numbers(.dots)) == nil)
    #expect(firstDifference(numbers(.blas), numbers(nil)) == nil)
  }

  @Test func initializationIsThatOfHe() {
    let layer = Dense("0", inputs: 400, outputs: 300, activation: .rectifier)
    let parameters = ParameterVector(count: layer.parameterCount)
    // What was there before is forgotten.
    parameters.elements.update(repeating: 5)
    var random = RandomSource(seed: 3, purpose: .initialization)
    layer.initialize(parameters.pointer, random: &random)
    let numbers = layer.tensors.exported(from: parameters.pointer)
    let weights = numbers[..<120_000].map(Double.init)
    let mean = weights.reduce(0, +) / 120_000
    let variance = weights.reduce(0) { $0 + $1 * $1 } / 120_000
    #expect(abs(mean) < 1e-3 && abs(variance / (2.0 / 400) - 1) < 0.02)
    #expect(numbers[120_000...].allSatisfy { $0 == 0 })
  }
}
