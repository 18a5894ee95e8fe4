import Kernels
import Models
import Testing

/// A network and a batch for it.
struct NetworkCase: CustomTestStringConvertible, Sendable {
  let hidden: [Int]
  /// Those that suit each layer where nil.
  let kernels: DenseProducts.Kernels?

  static let inputs = 11
  static let input = ImageShape(height: 1, width: inputs, channels: 1)
  static let classes = 5
  static let rows = 13

  static let all = [[], [7], [12, 5], [40, 33], [33, 9, 64]].flatMap { hidden in
    [nil, .blas, .panels].map { NetworkCase(hidden: hidden, kernels: $0) }
  }

  var testDescription: String {
    (hidden.isEmpty ? "logreg" : "mlp \(hidden)") + (kernels.map { ", \($0)" } ?? "")
  }

  private var widths: [Int] { [Self.inputs] + hidden + [Self.classes] }
  var specification: ModelSpecification { hidden.isEmpty ? .logisticRegression : .multilayerPerceptron(hidden: hidden) }
  var reference: ReferenceNetwork { ReferenceNetwork(widths: widths) }
  var batch: Batch { Batch(rows: Self.rows, inputs: Self.inputs, classes: Self.classes) }

  func network(maximumBatch: Int = rows) -> Network {
    guard let kernels else {
      return Network(specification.layers(input: Self.input, classes: Self.classes), maximumBatch: maximumBatch)
    }
    let widths = widths
    let layers = widths.indices.dropLast().map { index in
      Dense(
        "\(2 * index)", inputs: widths[index], outputs: widths[index + 1],
        activation: index + 2 < widths.count ? .rectifier : .none, kernels: kernels)
    }
    return Network(layers, maximumBatch: maximumBatch)
  }

  /// As they are initialised, moved a little: biases, and logistic regression, start from zero.
  func parameters(of network: Network) -> ParameterVector {
    let parameters = ParameterVector(count: network.parameterCount)
    network.initialize(parameters, seed: 1)
    for (index, number) in normalNumbers(network.parameterCount, stream: 4).enumerated() {
      parameters.pointer[index] += 0.1 * number
    }
    return parameters
  }
}
