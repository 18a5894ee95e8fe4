import Kernels
import Models
import Testing

/// A layer over sequences, what it should compute, and sequences for it.
private struct SequenceLayerCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let makeLayer: @Sendable () -> any Layer
  let reference: ReferenceLayer
  let positions: Int
  var sequences = 3
  /// Numbers below this are characters; else numbers are normal.
  var characters: Int?

  static let all = embeddings + normalizations + attention + memories

  private static let embeddings = [(5, 7, nil), (9, 16, nil), (6, 5, 4), (11, 32, 3)].map {
    characters, width, positions in
    SequenceLayerCase(
      testDescription: "embedding of \(characters) in \(width), positions \(positions ?? 0)",
      makeLayer: {
        Embedding("wte", characters: characters, width: width, positions: positions.map { ("wpe", $0) })
      },
      reference: .embedding(characters: characters, width: width, positions: positions), positions: positions ?? 2,
      characters: characters)
  }

  private static let normalizations = [3, 16, 37].flatMap { width in
    [
      SequenceLayerCase(
        testDescription: "normalization of \(width)", makeLayer: { LayerNormalization("ln", width: width) },
        reference: .layerNormalization(width), positions: 2),
      SequenceLayerCase(
        testDescription: "gelu of \(width)", makeLayer: { GaussianErrorLayer("gelu", width: width) },
        reference: .gaussianErrorUnit, positions: 2),
    ]
  }

  /// Within a block of positions, at its end, and beyond it.
  private static let attention = [(1, 1, 3), (5, 2, 4), (16, 1, 16), (32, 2, 10), (45, 3, 27), (70, 1, 33)].map {
    positions, heads, width in
    SequenceLayerCase(
      testDescription: "attention over \(positions), \(heads) heads, width \(width)",
      makeLayer: { CausalAttention("attn", positions: positions, heads: heads, width: width) },
      reference: .causalAttention(positions: positions, heads: heads, width: width), positions: positions, sequences: 2)
  }

  /// The last one has more sequences than are worked on at once.
  private static let memories = [(1, 1, 1, 2), (5, 3, 4, 3), (8, 16, 3, 2), (3, 17, 5, 4), (2, 2, 2, 35)].map {
    inputs, hidden, positions, sequences in
    SequenceLayerCase(
      testDescription: "memory \(inputs)→\(hidden), \(sequences) sequences of \(positions)",
      makeLayer: { LongShortTermMemory("lstm", index: 0, inputs: inputs, hidden: hidden, positions: positions) },
      reference: .longShortTermMemory(inputs: inputs, hidden: hidden, positions: positions), positions: positions,
      sequences: sequences)
  }

  /// One of the caller's own, as tests run side by side and layers have scratch memory.
  var layer: any Layer { makeLayer() }

  var rows: Int { positions * sequences }
  var batch: Batch {
    guard let characters else { return Batch(rows: rows, inputs: layer.inputCount, classes: 1) }
    return Batch((0..<rows).map { [Float($0 * 7 % 5 % characters)] }, classes: 1)
  }
  var parameters: ParameterVector {
    let parameters = ParameterVector(count: layer.parameterCount)
    _ = parameters.elements.update(from: normalNumbers(parameters.count, stream: 2).map { 0.5 * $0 })
    return parameters
  }
  var outputGradient: [Float] { normalNumbers(rows * layer.outputCount, stream: 3) }

  func outputs(_ mode: PassMode, _ parameters: ParameterVector, inner: Rows?) -> Rows {
    let output = Rows(rows, layer.outputCount)
    // The batch must outlive what reads it.
    withExtendedLifetime(batch) { batch in
      layer.forward(
        ForwardPass(
          parameters: parameters.pointer, statistics: parameters.pointer, input: batch.input, output: output.matrix,
          inner: inner?.matrix, mode: mode))
    }
    return output
  }
}

struct SequenceLayerTests {
  @Test(arguments: SequenceLayerCase.all)
  private func forwardIsTheReferencesInTrainingAndEvaluation(layer: SequenceLayerCase) {
    let (parameters, batch) = (layer.parameters, layer.batch)
    let exported = layer.layer.tensors.exported(from: parameters.pointer).map(Double.init)
    let expected = layer.reference.apply(exported[...], batch.samples, nil).flatMap { $0 }
    let inner = Rows(layer.rows, max(1, layer.layer.innerCount))
    #expect(relativeError(layer.outputs(.training, parameters, inner: inner).numbers, expected) < 1e-5)
    #expect(relativeError(layer.outputs(.evaluation, parameters, inner: nil).numbers, expected) < 1e-5)
  }

  @Test(arguments: SequenceLayerCase.all)
  private func gradientsAgreeWithCentralDifferences(layer: SequenceLayerCase) {
    let (parameters, batch) = (layer.parameters, layer.batch)
    let (gradient, inputGradient) = backward(layer, parameters, batch)
    // The loss whose gradient with respect to the outputs is the one that was handed in.
    let weights = layer.outputGradient.map(Double.init)
    func loss(_ parameters: [Double], _ inputs: [[Double]]) -> Double {
      zip(weights, layer.reference.apply(parameters[...], inputs, nil).joined()).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let exported = layer.layer.tensors.exported(from: parameters.pointer).map(Double.init)
    if !exported.isEmpty {
      #expect(relativeError(gradient, centralDifferences(exported) { loss($0, batch.samples) }) < 1e-4)
    }
    guard layer.characters == nil else { return }
    let columns = layer.layer.inputCount
    let byInput = centralDifferences(batch.samples.flatMap { $0 }) { flat in
      loss(exported, (0..<layer.rows).map { Array(flat[$0 * columns..<($0 + 1) * columns]) })
    }
    // Of one position no score depends on anything.
    #expect(relativeError(inputGradient, byInput) < 1e-4)
  }

  /// The parameters' gradient as exported, and the input's.
  private func backward(_ layer: SequenceLayerCase, _ parameters: ParameterVector, _ batch: Batch) -> ([Float], [Float])
  {
    let inner = Rows(layer.rows, max(1, layer.layer.innerCount))
    let output = layer.outputs(.training, parameters, inner: inner)
    let inputGradient = Rows(layer.rows, layer.layer.inputCount)
    // What is found must not depend on what was there.
    for row in 0..<layer.rows { inputGradient.matrix.row(row).update(repeating: .nan, count: layer.layer.inputCount) }
    let outputGradient = Rows(layer.rows, layer.layer.outputCount, layer.outputGradient)
    let gradient = ParameterVector(count: parameters.count)
    gradient.elements.update(repeating: .nan)
    layer.layer.backward(
      BackwardPass(
        parameters: parameters.pointer, target: GradientTarget(gradient: gradient.pointer, accumulating: false),
        input: batch.input, output: output.matrix, inner: inner.matrix, outputGradient: outputGradient.matrix,
        inputGradient: inputGradient.matrix))
    return (layer.layer.tensors.exported(from: gradient.pointer), inputGradient.numbers)
  }

  @Test(arguments: SequenceLayerCase.all)
  private func tensorsPlaceEveryNumberOnce(layer: SequenceLayerCase) {
    let places = layer.layer.tensors.flatMap { tensor in (0..<tensor.count).map { tensor.offset + tensor.place($0) } }
    #expect(places.sorted().elementsEqual(0..<layer.layer.parameterCount))
    #expect(layer.layer.parameterCount == layer.reference.parameterCount)
  }

  /// A network of sequences has each position see those before it, and no other.
  @Test(arguments: [
    ModelSpecification.transformer(layers: 2, heads: 2, width: 8), .longShortTermMemory(layers: 2, hidden: 6),
  ])
  func outputsDependOnNothingThatFollows(model: ModelSpecification) throws {
    let positions = 9
    let layers = model.layers(input: ImageShape(height: 1, width: positions, channels: 1), classes: 5)
    let network = Network(layers, positions: positions, maximumBatch: 2)
    let parameters = ParameterVector(count: network.parameterCount)
    _ = parameters.elements.update(from: normalNumbers(parameters.count, stream: 2))
    let characters = (0..<2 * positions).map { [Float($0 * 3 % 5)] }
    func outputs(_ characters: [[Float]]) throws -> [[Float]] {
      let batch = Batch(characters, classes: 5)
      let matrix = try network.predict(parameters, batch.input)
      return (0..<matrix.rows).map { row in (0..<matrix.columns).map { matrix.row(row)[$0] } }
    }
    let before = try outputs(characters)
    for changed in characters.indices {
      var others = characters
      others[changed] = [4 - others[changed][0]]
      guard others != characters else { continue }
      let after = try outputs(others)
      for row in characters.indices {
        let mayDiffer = row / positions == changed / positions && row >= changed
        if !mayDiffer { #expect(after[row] == before[row], "position \(row), where \(changed) changed") }
      }
      #expect(after[changed] != before[changed])
    }
  }
}
