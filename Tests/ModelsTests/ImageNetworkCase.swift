import Kernels
import Models
import Testing

/// A network of images and a batch for it.
struct ImageNetworkCase: CustomTestStringConvertible, Sendable {
  let specification: ModelSpecification
  let image: ImageShape
  let kernels: ConvolutionProducts.Kernels

  static let classes = 5
  static let rows = 6

  /// Images that halve without a remainder and others.
  static let all = [
    (ModelSpecification.residualNetwork(depth: 8), 8, 8, 3), (.residualNetwork(depth: 8), 9, 7, 3),
    (.convolutionalNetwork, 8, 8, 1), (.convolutionalNetwork, 7, 5, 3),
  ].flatMap { specification, height, width, channels in
    ConvolutionProducts.Kernels.allCases.map { kernels in
      ImageNetworkCase(
        specification: specification, image: ImageShape(height: height, width: width, channels: channels),
        kernels: kernels)
    }
  }

  /// Those with batch normalisation.
  static let residual = all.filter { $0.specification == .residualNetwork(depth: 8) }

  var testDescription: String { "\(specification) \(image), \(kernels)" }
  var batch: Batch { Batch(rows: Self.rows, inputs: image.count, classes: Self.classes) }
  var reference: ReferenceNetwork {
    specification == .convolutionalNetwork
      ? ReferenceNetwork(convolutionalFor: image, classes: Self.classes)
      : ReferenceNetwork(residualBlocks: 1, for: image, classes: Self.classes)
  }

  func network(maximumBatch: Int = rows, evaluationBatch: Int? = nil) -> Network {
    let layers = specification.layers(input: image, classes: Self.classes, convolution: kernels)
    return Network(layers, maximumBatch: maximumBatch, evaluationBatch: evaluationBatch)
  }

  /// As they are initialised, moved a little: biases start from zero, and scales from one.
  func parameters(of network: Network) -> ParameterVector {
    let parameters = ParameterVector(count: network.parameterCount)
    network.initialize(parameters, seed: 1)
    let numbers = normalNumbers(network.parameterCount, stream: 4)
    var index = 0
    for tensor in network.tensors {
      // In the exported order, so that all kernels get the same.
      let size: Float = tensor.shape.count > 1 ? 0.01 : 0.1
      for place in 0..<tensor.count {
        parameters.pointer[tensor.offset + tensor.place(place)] += size * numbers[index]
        index += 1
      }
    }
    return parameters
  }
}
