import Foundation
import Kernels
import Models

/// What PyTorch found for a network of sequences, with parameters and characters that are given by a formula: a case of
/// `sequence_reference.json`, which `sequence_reference.py` writes.
struct SequenceReference: Decodable, CustomStringConvertible, Sendable {
  let model: String
  let layers: Int
  /// Of a gpt.
  let heads: Int?
  let width: Int?
  /// Of an lstm.
  let hidden: Int?
  let context: Int
  /// Before each step of AdamW.
  let losses: [Double]
  /// Before the first one.
  let outputs: [Double]
  let gradients: [TorchReference.Tensor]
  /// After the last one.
  let parameters: [TorchReference.Tensor]

  static let all = Result {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "sequence_reference.json")
    return try JSONDecoder().decode([SequenceReference].self, from: Data(contentsOf: file))
  }

  private static let characters = 13
  private static let sequences = 3

  var description: String { "\(model), \(layers) layers, context \(context)" }

  var network: Network {
    let specification: ModelSpecification =
      model == "gpt"
      ? .transformer(layers: layers, heads: heads!, width: width!)
      : .longShortTermMemory(layers: layers, hidden: hidden!)
    let shape = ImageShape(height: 1, width: context, channels: 1)
    return Network(
      specification.layers(input: shape, classes: Self.characters), positions: context, maximumBatch: Self.sequences)
  }

  /// The optimiser's step t.
  func step(_ t: Int, decaying mask: ParameterVector) -> LocalStep {
    LocalStep.adamW(learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.1, step: t)
      .decaying(mask)
  }

  // MARK: The formulas

  /// The characters that the script makes, and what follows each.
  var text: (input: Batch, targets: [Int32]) {
    let length = context + 1
    let characters = (0..<Self.sequences * length).map { (31 * $0 * $0 + 7 * $0) % 101 % Self.characters }
    let places = (0..<Self.sequences).flatMap { sequence in (0..<context).map { sequence * length + $0 } }
    return (
      Batch(places.map { [Float(characters[$0])] }, classes: Self.characters), places.map { Int32(characters[$0 + 1]) }
    )
  }

  /// The parameters that the script sets.
  func start(of network: Network) -> ParameterVector {
    let parameters = ParameterVector(count: network.parameterCount)
    for (index, tensor) in network.tensors.enumerated() {
      let isScale = tensor.name.contains(".ln_") && tensor.name.hasSuffix("weight")
      let width = tensor.shape.count > 1 ? (3 / Double(tensor.shape.last!)).squareRoot() : isScale ? 0.3 : 0.2
      for (place, number) in TorchReference.uniform(stream: 1001 + UInt64(index), count: tensor.count).enumerated() {
        parameters.pointer[tensor.offset + tensor.place(place)] = Float(isScale ? 1 + width * number : width * number)
      }
    }
    return parameters
  }
}
