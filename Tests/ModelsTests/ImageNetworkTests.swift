import Kernels
import Models
import Testing

struct ImageNetworkTests {
  // MARK: Gradients

  /// Some numbers of each tensor. The batch is one where nothing that is rectified or pooled comes so close to its kink
  /// that single precision falls on the other side: that would show as an error of a percent.
  @Test(arguments: ImageNetworkCase.all.filter { $0.kernels == .blas })
  func theGradientAgreesWithCentralDifferences(model: ImageNetworkCase) throws {
    let (batch, network) = (model.batch, model.network())
    let parameters = model.parameters(of: network)
    let exported = network.tensors.exported(from: parameters.pointer).map(Double.init)
    var places: [Range<Int>] = []
    for tensor in network.tensors {
      let start = places.last?.upperBound ?? 0
      places.append(start..<(start + tensor.count))
    }
    let some = places.map { range in (0..<6).map { range.lowerBound + $0 * 7919 % range.count } }
    let (reference, samples) = (model.reference, batch.samples)
    let expected = some.map { places in
      centralDifferences(exported, at: places) { reference.loss($0, samples, batch.labels) }
    }
    for kernels in ConvolutionProducts.Kernels.allCases {
      let network = ImageNetworkCase(specification: model.specification, image: model.image, kernels: kernels).network()
      let gradient = try network.gradient(model.parameters(of: network), batch)
      let numbers = network.tensors.exported(from: gradient.pointer)
      for (index, tensor) in network.tensors.enumerated() {
        #expect(relativeError(some[index].map { numbers[$0] }, expected[index]) < 1e-4, "\(kernels) \(tensor.name)")
      }
    }
  }

  @Test(arguments: ImageNetworkCase.all, [nil, 0.9] as [Float?])
  func aFusedStepGivesTheBitsOfStoringAndDescending(model: ImageNetworkCase, momentum: Float?) throws {
    let (network, batch) = (model.network(), model.batch)
    let (fused, stored) = (model.parameters(of: network), model.parameters(of: network))
    let (fusedBuffer, storedBuffer) = (ParameterVector(count: fused.count), ParameterVector(count: fused.count))
    let (scratch, norm) = (ParameterVector(count: fused.count), AlignedBuffer<Double>(count: 1))
    let step = LocalStep(learningRate: 0.01, momentum: momentum ?? 0, weightDecay: 0.01)
    for _ in 0..<2 {
      try network.pass(
        fused, batch,
        to: GradientTarget(
          step: step, parameters: fused.pointer, momentum: momentum.map { _ in fusedBuffer.pointer },
          gradient: scratch.pointer, squaredNorm: norm.pointer))
      let gradient = try network.gradient(stored, batch)
      if momentum == nil {
        _ = stored.descend(step, gradient: gradient)
      } else {
        stored.descend(step, gradient: gradient, momentumBuffer: storedBuffer)
      }
    }
    #expect(fused.bitHash() == stored.bitHash() && fusedBuffer.bitHash() == storedBuffer.bitHash())
  }

  @Test(arguments: ImageNetworkCase.all)
  func descendingLowersTheLoss(model: ImageNetworkCase) throws {
    let (network, batch) = (model.network(), model.batch)
    let parameters = model.parameters(of: network)
    let step = LocalStep(learningRate: 0.005, momentum: 0, weightDecay: 0)
    var losses: [Double] = []
    for _ in 0..<10 {
      losses.append(try network.forward(parameters, batch.input, labels: batch.labels, scale: 1).loss)
      _ = parameters.descend(step, gradient: try network.gradient(parameters, batch))
    }
    #expect(losses == losses.sorted(by: >), "\(losses)")
  }

  // MARK: Shortcuts

  /// A block whose convolutions are zero is its shortcut. So two such blocks change neither outputs nor gradients.
  @Test(arguments: ConvolutionProducts.Kernels.allCases)
  func aShortcutsGradientReachesItsSource(kernels: ConvolutionProducts.Kernels) throws {
    let image = ImageShape(height: 5, width: 6, channels: 3)
    let batch = Batch(rows: 4, inputs: image.count, classes: 5)
    let (with, without) = (network(image, blocks: 2, kernels), network(image, blocks: 0, kernels))
    let (all, some) = (ParameterVector(count: with.parameterCount), ParameterVector(count: without.parameterCount))
    with.initialize(all, seed: 1)
    for tensor in with.tensors where tensor.name.hasPrefix("block") && tensor.name.contains("conv") {
      (all.pointer + tensor.offset).update(repeating: 0, count: tensor.count)
    }
    let counterparts = without.tensors.map { tensor in with.tensors.first { $0.name == tensor.name }! }
    for (tensor, other) in zip(without.tensors, counterparts) {
      (some.pointer + tensor.offset).update(from: all.pointer + other.offset, count: tensor.count)
    }
    let outputs = try with.predict(all, batch.input, mode: .training).numbers
    #expect(firstDifference(outputs, try without.predict(some, batch.input, mode: .training).numbers) == nil)

    let (found, expected) = (try with.gradient(all, batch), try without.gradient(some, batch))
    for (tensor, other) in zip(without.tensors, counterparts) {
      let numbers = [other].exported(from: found.pointer)
      #expect(firstDifference(numbers, [tensor].exported(from: expected.pointer)) == nil, "\(tensor.name)")
      #expect(numbers.contains { $0 != 0 }, "\(tensor.name)")
    }
  }

  private func network(_ image: ImageShape, blocks: Int, _ kernels: ConvolutionProducts.Kernels) -> Network {
    func convolution(_ name: String, _ input: ImageShape) -> Convolution {
      Convolution(name, ConvolutionShape(input: input, outputs: 16, kernel: 3, padding: 1), kernels: kernels)
    }
    let first = convolution("conv", image)
    let inner = first.shape.output
    let shortcut = (shortcut: Shortcut(from: inner, to: inner), layersBack: 3)
    let layers: [[any Layer]] = (0..<blocks).map { block in
      [
        convolution("block\(block).conv1", inner), BatchNormalization("block\(block).bn1", inner),
        convolution("block\(block).conv2", inner), BatchNormalization("block\(block).bn2", inner, shortcut: shortcut),
      ]
    }
    let last: [any Layer] = [GlobalAveragePoolingLayer("pool", inner), Dense("fc", inputs: 16, outputs: 5)]
    return Network([first, BatchNormalization("bn", inner)] + layers.joined() + last, maximumBatch: 4)
  }

  // MARK: Polling

  @Test(arguments: ImageNetworkCase.all)
  func pollIsCalledOnceALayer(model: ImageNetworkCase) throws {
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
}
