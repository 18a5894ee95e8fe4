import Kernels
import Models
import Testing

/// What training gathers besides parameters, and what evaluation makes of it.
struct StatisticsTests {
  @Test(arguments: ImageNetworkCase.residual)
  func trainingMovesTheStatisticsAndEvaluationDoesNot(model: ImageNetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let start = Array(network.statistics.elements)
    let before = try network.evaluate(parameters, batch.input, labels: batch.labels)
    #expect(firstDifference(network.statistics.elements, start) == nil)

    _ = try network.gradient(parameters, batch)
    // All but a variance that happened to be one.
    for tensor in network.statisticTensors {
      let moved = (0..<tensor.count).filter {
        network.statistics.pointer[tensor.offset + $0] != start[tensor.offset + $0]
      }
      #expect(moved.count > tensor.count / 2, "\(tensor.name)")
    }
    let trained = network.statistics.bitHash()
    let after = try network.evaluate(parameters, batch.input, labels: batch.labels)
    #expect(after.loss != before.loss)
    #expect(network.statistics.bitHash() == trained)
  }

  /// A backward pass takes no statistics: those of a step move once.
  @Test(arguments: ImageNetworkCase.residual)
  func onlyTheForwardPassMovesTheStatistics(model: ImageNetworkCase) throws {
    let (once, twice, batch) = (model.network(), model.network(), model.batch)
    let parameters = model.parameters(of: once)
    _ = model.parameters(of: twice)
    _ = try once.forward(parameters, batch.input, labels: batch.labels, scale: 1)
    _ = try twice.gradient(parameters, batch)
    #expect(once.statistics.bitHash() == twice.statistics.bitHash())
  }

  @Test(arguments: ImageNetworkCase.residual)
  func initializingForgetsStatistics(model: ImageNetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let start = network.statistics.bitHash()
    _ = try network.gradient(parameters, batch)
    #expect(network.statistics.bitHash() != start)
    network.initialize(parameters, seed: 2)
    #expect(network.statistics.bitHash() == start)
    for tensor in network.statisticTensors {
      let numbers = [tensor].exported(from: network.statistics.pointer)
      #expect(numbers.allSatisfy { $0 == (tensor.name.hasSuffix("var") ? 1 : 0) }, "\(tensor.name)")
    }
  }

  @Test(arguments: ImageNetworkCase.all)
  func aBatchIsEvaluatedInPiecesAsAWhole(model: ImageNetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    _ = try network.gradient(parameters, batch)
    let whole = try network.predict(parameters, batch.input).numbers
    for pieces in [[0..<1, 1..<3, 3..<6], (0..<6).map { $0..<($0 + 1) }] {
      let apart = try pieces.flatMap { try network.predict(parameters, batch.input($0)).numbers }
      #expect(relativeError(apart, whole.map(Double.init)) < 1e-6)
    }
  }

  /// More images than any layer takes at once, or a network can train on.
  @Test(arguments: ImageNetworkCase.all)
  func aLargeBatchIsEvaluatedAsItsSamplesAre(model: ImageNetworkCase) throws {
    let trained = model.network()
    let parameters = model.parameters(of: trained)
    _ = try trained.gradient(parameters, model.batch)
    let rows = 75
    let batch = Batch(rows: rows, inputs: model.image.count, classes: ImageNetworkCase.classes)
    let network = model.network(maximumBatch: 1, evaluationBatch: rows)
    network.statistics.copy(from: trained.statistics)
    let together = try network.predict(parameters, batch.input).numbers
    let apart = try (0..<rows).flatMap { try network.predict(parameters, batch.input($0..<$0 + 1)).numbers }
    #expect(relativeError(together, apart.map(Double.init)) < 1e-6)
    // Training keeps what evaluation does not, and must find the same where statistics are no matter.
    guard !network.layers.contains(where: \.needsWholeBatch) else { return }
    let keeping = model.network(maximumBatch: rows)
    let kept = try keeping.predict(parameters, batch.input, mode: .training).numbers
    #expect(firstDifference(together, kept) == nil)
  }

  @Test(arguments: ImageNetworkCase.all)
  func batchesThatTrainTogetherAreThoseOfNormalization(model: ImageNetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let needsWhole = network.layers.contains { $0.needsWholeBatch }
    let whole = try network.predict(parameters, batch.input, mode: .training).numbers
    let halves = try [0..<3, 3..<6].flatMap {
      try network.predict(parameters, batch.input($0), mode: .training).numbers
    }
    #expect((relativeError(halves, whole.map(Double.init)) > 1e-3) == needsWhole)
  }

  /// A model that overflowed must not be taken for a good one.
  @Test(arguments: ImageNetworkCase.all, [PassMode.training, .evaluation])
  func notANumberInAPixelShowsInTheLoss(model: ImageNetworkCase, mode: PassMode) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    batch.input.row(2)[0] = .nan
    let outputs = try network.predict(parameters, batch.input, mode: mode)
    #expect(softmaxCrossEntropy(outputs, labels: batch.labels, gradient: nil, scale: 1).loss.isNaN)
  }
}
