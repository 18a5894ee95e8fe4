import Foundation
import Kernels
import Models

/// What PyTorch found for a network, parameters and images that are given by a formula: a case of `torch_reference.json`,
/// which `torch_reference.py` writes.
struct TorchReference: Decodable, CustomStringConvertible, Sendable {
  struct Tensor: Decodable {
    let name: String
    let shape: [Int]
    /// Of a gradient: of the whole one.
    let norm: Double?
    /// Of a statistic all; of a gradient those that `place` tells.
    let numbers: [Double]

    /// Where in the gradient number `index` of `numbers` is.
    func place(_ index: Int) -> Int { index * 7919 % shape.reduce(1, *) }
  }

  let model: String
  let depth: Int
  /// Height, width, channels.
  let image: [Int]
  let samples: Int
  let seed: UInt64
  /// Mean cross-entropy, and outputs, in training mode.
  let loss: Double
  let logits: [Double]
  /// Outputs in evaluation mode, afterwards.
  let evaluationLogits: [Double]
  let gradients: [Tensor]
  let statistics: [Tensor]

  static let all = Result {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "torch_reference.json")
    return try JSONDecoder().decode([TorchReference].self, from: Data(contentsOf: file))
  }

  static let classes = 10

  var description: String { "\(model) \(depth), \(shape)" }
  var shape: ImageShape { ImageShape(height: image[0], width: image[1], channels: image[2]) }
  private var specification: ModelSpecification {
    model == "cnn" ? .convolutionalNetwork : .residualNetwork(depth: depth)
  }

  func network(_ kernels: ConvolutionProducts.Kernels) -> Network {
    let layers = specification.layers(input: shape, classes: Self.classes, convolution: kernels)
    return Network(layers, maximumBatch: samples)
  }

  // MARK: The formula

  /// The images that the script makes, channels last.
  var batch: Batch {
    let (shape, numbers) = (shape, Self.uniform(stream: 1000 * seed, count: samples * shape.count).map { Float($0) })
    let samples = (0..<samples).map { sample in
      (0..<shape.count).map { place in
        numbers[sample * shape.count + place % shape.channels * shape.pixels + place / shape.channels]
      }
    }
    return Batch(samples, classes: Self.classes)
  }

  /// The parameters that the script sets; the statistics are set as for a first step.
  func parameters(of network: Network) -> ParameterVector {
    let parameters = ParameterVector(count: network.parameterCount)
    network.initialize(parameters, seed: 1)
    for (index, tensor) in network.tensors.enumerated() {
      let isScale = tensor.name.contains("bn") && tensor.name.hasSuffix("weight")
      let width =
        tensor.shape.count > 1 ? (6 / Double(tensor.count / tensor.shape[0])).squareRoot() : isScale ? 0.3 : 0.2
      let numbers = Self.uniform(stream: 1000 * seed + 1 + UInt64(index), count: tensor.count)
      for (index, number) in numbers.enumerated() {
        parameters.pointer[tensor.offset + tensor.place(index)] = Float(isScale ? 1 + width * number : width * number)
      }
    }
    return parameters
  }

  /// `count` numbers of [-1, 1): MurmurHash3's last steps on a stream's and each number's index.
  static func uniform(stream: UInt64, count: Int) -> [Double] {
    (0..<UInt64(count)).map { index in
      var x = UInt32(truncatingIfNeeded: index &* 0x9E37_79B1 &+ stream &* 0x85EB_CA77)
      x = (x ^ x >> 16) &* 0x85EB_CA6B
      x = (x ^ x >> 13) &* 0xC2B2_AE35
      return Double(x ^ x >> 16) / 0x1p31 - 1
    }
  }
}
