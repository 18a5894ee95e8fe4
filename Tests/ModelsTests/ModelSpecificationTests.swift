import Kernels
import Models
import Testing

/// The numbers of parameters that papers tell.
struct ModelSpecificationTests {
  private static let cifar = ImageShape(height: 32, width: 32, channels: 3)
  private static let mnist = ImageShape(height: 28, width: 28, channels: 1)

  private func parameterCount(_ specification: ModelSpecification, _ image: ImageShape) -> Int {
    specification.layers(input: image, classes: 10).reduce(0) { $0 + $1.parameterCount }
  }

  /// McMahan et al. (2017): 1,663,370.
  @Test func theConvolutionalNetworkHasAsManyParametersAsMcMahans() {
    #expect(parameterCount(.convolutionalNetwork, Self.mnist) == 1_663_370)
  }

  /// He et al. (2015), table 6, in millions to two figures.
  @Test(arguments: [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
  func residualNetworksHaveAsManyParametersAsHes(depth: Int, millions: Double) {
    let blocks = (depth - 2) / 6
    // In each stage 2n convolutions of 3x3, the first of which takes what the stage before gives; γ and β for each.
    let stages = [(16, 16), (16, 32), (32, 64)].map { inputs, channels in
      9 * inputs * channels + (2 * blocks - 1) * 9 * channels * channels + 2 * blocks * 2 * channels
    }
    let expected = (9 * 3 * 16 + 2 * 16) + stages.reduce(0, +) + (64 * 10 + 10)
    let count = parameterCount(.residualNetwork(depth: depth), Self.cifar)
    #expect(count == expected)
    #expect(abs(Double(count) / 1e6 - millions) < (depth == 110 ? 0.05 : 0.005))
    if depth == 20 { #expect(count == 269_722) }
  }

  @Test(arguments: [8, 20, 56])
  func aResidualNetworkIsAsDeepAsItSays(depth: Int) {
    let layers = ModelSpecification.residualNetwork(depth: depth).layers(input: Self.cifar, classes: 10)
    #expect(layers.reduce(0) { $0 + $1.tensors.count { $0.shape.count > 1 } } == depth)
    #expect(layers.filter { $0.shortcut != nil }.count == (depth - 2) / 2)
    let names = layers.flatMap(\.tensors).map(\.name)
    #expect(Set(names).count == names.count)
  }

  /// 41 million multiplications and additions in pairs, as counted for the network of 20 layers on 32x32 pixels.
  @Test func operationsAreTwiceTheWeightsForEveryPixel() {
    let layers = ModelSpecification.residualNetwork(depth: 20).layers(input: Self.cifar, classes: 10)
    let expected = 1024 * (432 + 6 * 2304) + 256 * (4608 + 5 * 9216) + 64 * (18432 + 5 * 36864) + 640
    #expect(layers.reduce(0) { $0 + $1.operations } == 2 * expected)
  }

  @Test(arguments: [ModelSpecification.convolutionalNetwork, .residualNetwork(depth: 8)])
  func initializationDoesNotDependOnTheKernels(specification: ModelSpecification) {
    let starts = ConvolutionProducts.Kernels.allCases.map { kernels -> [Float] in
      let image = ImageShape(height: 8, width: 8, channels: 3)
      let network = Network(specification.layers(input: image, classes: 7, convolution: kernels), maximumBatch: 1)
      let parameters = ParameterVector(count: network.parameterCount)
      parameters.elements.update(repeating: .nan)
      network.initialize(parameters, seed: 3)
      return network.tensors.exported(from: parameters.pointer)
    }
    for start in starts { #expect(firstDifference(start, starts[0]) == nil) }
  }

  @Test(arguments: ImageNetworkCase.all)
  func tensorsPlaceEveryNumberOnce(model: ImageNetworkCase) {
    let network = model.network()
    for (tensors, count) in [
      (network.tensors, network.parameterCount), (network.statisticTensors, network.statistics.count),
    ] {
      let places = tensors.flatMap { tensor in (0..<tensor.count).map { tensor.offset + tensor.place($0) } }
      #expect(places.sorted().elementsEqual(0..<count))
    }
  }
}
