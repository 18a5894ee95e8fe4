import Datasets
import Kernels
import Models
import Training

/// Products, and gradients, beside what a plain loop in Double makes of them.
extension Verification {
  /// Of results in single precision.
  private static let productTolerance = 1e-5
  private static let gradientTolerance = 2e-2

  /// OpenBLAS has kernels of its own for each processor; some builds are wrong on some.
  func denseProducts() throws -> [Finding] {
    try DenseProducts.Kernels.allCases.compactMap { kernels in
      let layers = [(784, 512, 32), (512, 10, 32), (77, 45, 13)].map { inputs, outputs, rows in
        (products: DenseProducts(inputCount: inputs, outputCount: outputs, kernels: kernels), rows: rows)
      }.filter { $0.products.kernels == kernels }
      guard !layers.isEmpty else { return nil }
      let difference = layers.map { ProductCheck($0.products, rows: $0.rows).difference }.worst
      return .difference(
        try worst(difference), atMost: Self.productTolerance,
        "dense products by \(kernels.spelledOut) are those of Double")
    }
  }

  func convolutionProducts() throws -> [Finding] {
    let image = { ImageShape(height: $0, width: $0, channels: $1) }
    let shapes = [
      ConvolutionShape(input: image(32, 3), outputs: 16, kernel: 3, padding: 1),
      ConvolutionShape(input: image(16, 32), outputs: 32, kernel: 3, padding: 1),
      ConvolutionShape(input: image(16, 16), outputs: 32, kernel: 3, stride: 2, padding: 1),
      ConvolutionShape(input: image(14, 32), outputs: 64, kernel: 5, padding: 2),
    ]
    return try ConvolutionProducts.Kernels.allCases.compactMap { kernels in
      let layers = shapes.map { ConvolutionProducts($0, kernels: kernels) }.filter { $0.kernels == kernels }
      guard !layers.isEmpty else { return nil }
      let difference = layers.map { ProductCheck($0, rows: 2).difference }.worst
      return .difference(
        try worst(difference), atMost: Self.productTolerance,
        "convolutions by \(kernels.spelledOut) are those of Double")
    }
  }

  func gradients() throws -> [Finding] {
    let names: [ModelName] = [
      .logisticRegression, .multilayerPerceptron, .convolutionalNetwork, .residualNetwork20, .longShortTermMemory,
      .transformer,
    ]
    return try names.map { name in
      let model = try ModelOptions.parse(["--model", name.rawValue])
      let batch = RandomShard.make(model, samples: model.takesSequences ? 2 : 16, seed: 1, rank: communicator.rank)
      let network = NetworkSetup.network(model, batch.format, batchSize: batch.count)
      let objective = NetworkSetup.objective(
        network, batch, test: nil, batchSize: batch.count, try StepOptions.parse([]), worker: communicator.rank)
      let check = try GradientCheck(objective, targets: batch.count * batch.format.targetCount)
      return .difference(
        try worst(check.difference), atMost: Self.gradientTolerance,
        "the gradient of \(name.rawValue) is the difference quotient")
    }
  }
}

extension DenseProducts.Kernels {
  fileprivate var spelledOut: String { self == .blas ? "OpenBLAS" : rawValue }
}

extension ConvolutionProducts.Kernels {
  fileprivate var spelledOut: String { self == .blas ? "OpenBLAS" : rawValue }
}
