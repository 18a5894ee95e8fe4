import Glibc
import Kernels
import Models
import Testing

struct NetworkTests {
  // MARK: Gradients

  @Test(arguments: NetworkCase.all, [0, 0.2] as [Float])
  func theGradientAgreesWithCentralDifferences(model: NetworkCase, smoothing: Float) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let gradient = try network.gradient(parameters, batch, smoothing: smoothing)
    let exported = network.tensors.exported(from: parameters.pointer).map(Double.init)
    let (reference, samples) = (model.reference, batch.samples)
    let expected = centralDifferences(exported) {
      reference.loss($0, samples, batch.labels, smoothing: Double(smoothing))
    }
    #expect(relativeError(network.tensors.exported(from: gradient.pointer), expected) < 1e-4)
  }

  @Test(arguments: NetworkCase.all)
  func aBatchInPiecesGivesTheGradientOfTheWhole(model: NetworkCase) throws {
    let (network, small, batch) = (model.network(), model.network(maximumBatch: 5), model.batch)
    let parameters = model.parameters(of: network)
    let whole = try network.gradient(parameters, batch)
    let pieces = ParameterVector(count: network.parameterCount)
    for rows in [0..<5, 5..<10, 10..<13] {
      try small.pass(
        parameters, batch, rows: rows,
        to: GradientTarget(gradient: pieces.pointer, accumulating: rows.lowerBound > 0))
    }
    #expect(relativeError(Array(pieces.elements), whole.elements.map(Double.init)) < 1e-6)
  }

  @Test(arguments: NetworkCase.all, [nil, 0.9] as [Float?])
  func aFusedStepGivesTheBitsOfStoringAndDescending(model: NetworkCase, momentum: Float?) throws {
    let (network, batch) = (model.network(), model.batch)
    let (fused, stored) = (model.parameters(of: network), model.parameters(of: network))
    let (fusedBuffer, storedBuffer) = (ParameterVector(count: fused.count), ParameterVector(count: fused.count))
    let scratch = ParameterVector(count: fused.count)
    let fusedNorm = AlignedBuffer<Double>(count: 1)
    let step = LocalStep(learningRate: 0.1, momentum: momentum ?? 0, weightDecay: 0.01)
    for _ in 0..<3 {
      fusedNorm[0] = 0
      try network.pass(
        fused, batch,
        to: GradientTarget(
          step: step, parameters: fused.pointer, momentum: momentum.map { _ in fusedBuffer.pointer },
          gradient: scratch.pointer, squaredNorm: fusedNorm.pointer))
      let gradient = try network.gradient(stored, batch)
      if momentum != nil {
        stored.descend(step, gradient: gradient, momentumBuffer: storedBuffer)
      } else {
        let storedNorm = stored.descend(step, gradient: gradient)
        #expect(abs(fusedNorm[0] - storedNorm) < 1e-5 * storedNorm)
      }
    }
    #expect(fused.bitHash() == stored.bitHash() && fusedBuffer.bitHash() == storedBuffer.bitHash())
  }

  @Test(arguments: NetworkCase.all)
  func descendingLowersTheLoss(model: NetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let step = LocalStep(learningRate: 0.05, momentum: 0, weightDecay: 0)
    var losses: [Double] = []
    for _ in 0..<20 {
      losses.append(try network.evaluate(parameters, batch.input, labels: batch.labels).loss)
      _ = parameters.descend(step, gradient: try network.gradient(parameters, batch))
    }
    #expect(losses == losses.sorted(by: >), "\(losses)")
  }

  // MARK: Forward

  @Test(arguments: NetworkCase.all)
  func theLossAndPredictionsAreTheReferences(model: NetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let score = try network.evaluate(parameters, batch.input, labels: batch.labels)
    let exported = network.tensors.exported(from: parameters.pointer).map(Double.init)
    let loss = model.reference.loss(exported, batch.samples, batch.labels)
    #expect(abs(score.loss / Double(NetworkCase.rows) - loss) < 1e-6 * loss)
    let predictions = model.reference.outputs(exported, batch.samples).map { outputs in
      Int32(outputs.firstIndex(of: outputs.max()!)!)
    }
    #expect(try network.evaluate(parameters, batch.input, labels: predictions).correct == NetworkCase.rows)
  }

  @Test(arguments: NetworkCase.all)
  func forwardScoresAsEvaluateDoes(model: NetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let score = try network.evaluate(parameters, batch.input, labels: batch.labels)
    #expect(try network.forward(parameters, batch.input, labels: batch.labels, scale: 0.1) == score)
    let hash = parameters.bitHash()
    #expect(try network.evaluate(parameters, batch.input, labels: batch.labels) == score)
    #expect(parameters.bitHash() == hash)
  }

  @Test(arguments: NetworkCase.all)
  func aSampleIsPredictedAloneAsInABatch(model: NetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    func outputs(_ rows: Range<Int>) throws -> [Float] {
      let matrix = try network.predict(parameters, batch.input(rows))
      return (0..<matrix.rows).flatMap { row in (0..<matrix.columns).map { matrix.row(row)[$0] } }
    }
    let together = try outputs(0..<NetworkCase.rows)
    let alone = try (0..<NetworkCase.rows).flatMap { try outputs($0..<($0 + 1)) }
    #expect(relativeError(alone, together.map(Double.init)) < 1e-6)
  }

  /// A model that overflowed must not be taken for a good one.
  @Test(arguments: NetworkCase.all)
  func notANumberInAParameterShowsInTheLoss(model: NetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let last = try #require(network.tensors.last)
    parameters.pointer[last.offset] = .nan
    #expect(try network.evaluate(parameters, batch.input, labels: batch.labels).loss.isNaN)
  }

  // MARK: Polling

  @Test(arguments: NetworkCase.all)
  func pollIsCalledOnceALayer(model: NetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    var polls = 0
    _ = try network.forward(parameters, batch.input, labels: batch.labels, scale: 1) { polls += 1 }
    #expect(polls == network.layers.count)
    let gradient = ParameterVector(count: network.parameterCount)
    let target = GradientTarget(gradient: gradient.pointer, accumulating: false)
    try network.backward(parameters, batch.input, target: target) { polls += 1 }
    #expect(polls == 2 * network.layers.count)
  }

  @Test func whatPollThrowsIsThrown() throws {
    struct Interruption: Error {}
    let model = NetworkCase(hidden: [7], kernels: nil)
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    #expect(throws: Interruption.self) {
      try network.forward(parameters, batch.input, labels: batch.labels, scale: 1) { throw Interruption() }
    }
  }

  // MARK: Parameters

  @Test(arguments: NetworkCase.all)
  func tensorsPlaceEveryParameterOnce(model: NetworkCase) {
    let network = model.network()
    let places = network.tensors.flatMap { tensor in
      (0..<tensor.count).map { tensor.offset + tensor.place($0) }
    }
    #expect(places.sorted().elementsEqual(0..<network.parameterCount))
  }

  @Test(arguments: NetworkCase.all)
  func initializationDependsOnTheSeedAlone(model: NetworkCase) {
    func start(_ seed: UInt64, maximumBatch: Int = 1, kernels: DenseProducts.Kernels? = nil) -> [Float] {
      let network = NetworkCase(hidden: model.hidden, kernels: kernels).network(maximumBatch: maximumBatch)
      let parameters = ParameterVector(count: network.parameterCount)
      parameters.elements.update(repeating: .nan)
      network.initialize(parameters, seed: seed)
      return network.tensors.exported(from: parameters.pointer)
    }
    let first = start(1)
    #expect(firstDifference(first, start(1, maximumBatch: 64)) == nil)
    if model.hidden.isEmpty {
      #expect(first.allSatisfy { $0 == 0 } && start(2).allSatisfy { $0 == 0 })
    } else {
      for kernels in DenseProducts.Kernels.allCases {
        #expect(firstDifference(first, start(1, kernels: kernels)) == nil)
      }
      #expect(firstDifference(first, start(2)) != nil)
    }
  }

  @Test func layersOfTheSameShapeStartDifferently() {
    let network = Network([Dense("0", inputs: 9, outputs: 9), Dense("1", inputs: 9, outputs: 9)], maximumBatch: 1)
    let parameters = ParameterVector(count: network.parameterCount)
    network.initialize(parameters, seed: 1)
    let numbers = network.tensors.exported(from: parameters.pointer)
    #expect(firstDifference(numbers[..<81], numbers[90..<171]) == 0)
  }

  @Test(arguments: [2, 10, 100])
  func logisticRegressionStartsWithALossOfTheLogarithmOfItsClasses(classes: Int) throws {
    let network = Network(
      ModelSpecification.logisticRegression.layers(input: NetworkCase.input, classes: classes), maximumBatch: 13)
    let parameters = ParameterVector(count: network.parameterCount)
    network.initialize(parameters, seed: 1)
    let batch = Batch(rows: 13, inputs: 11, classes: classes)
    let loss = try network.evaluate(parameters, batch.input, labels: batch.labels).loss / 13
    #expect(abs(loss - log(Double(classes))) < 1e-12)
  }

  @Test func namesAndShapesAreThoseOfTorch() {
    func tensors(_ specification: ModelSpecification) -> [String] {
      let network = Network(
        specification.layers(input: ImageShape(height: 28, width: 28, channels: 1), classes: 10), maximumBatch: 1)
      #expect(network.inputCount == 784 && network.classCount == 10)
      #expect(network.parameterCount == network.tensors.reduce(0) { $0 + $1.count })
      return network.tensors.map { "\($0.name) \($0.shape)" }
    }
    #expect(tensors(.logisticRegression) == ["weight [10, 784]", "bias [10]"])
    #expect(
      tensors(.multilayerPerceptron(hidden: [512, 256])) == [
        "0.weight [512, 784]", "0.bias [512]", "2.weight [256, 512]", "2.bias [256]", "4.weight [10, 256]",
        "4.bias [10]",
      ])
    #expect(tensors(.multilayerPerceptron(hidden: [])) == ["0.weight [10, 784]", "0.bias [10]"])
  }
}
