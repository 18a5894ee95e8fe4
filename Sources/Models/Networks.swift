import Kernels

/// The networks that can be trained by name.
public enum ModelSpecification: Equatable, Sendable {
  /// Multinomial logistic regression, from zeros: a convex problem.
  case logisticRegression
  /// A multilayer perceptron with rectified hidden layers of the given widths.
  case multilayerPerceptron(hidden: [Int])
  /// The convolutional network of McMahan et al. (2017).
  case convolutionalNetwork
  /// A residual network for small images, of He, Zhang, Ren and Sun (2015), section 4.2; 6n + 2 layers deep.
  case residualNetwork(depth: Int)
  /// The language model of McMahan et al. (2017): an embedding of 8 numbers, and layers of long short-term memory.
  case longShortTermMemory(layers: Int, hidden: Int)
  /// A small generative pretrained transformer (Radford et al. 2019).
  case transformer(layers: Int, heads: Int, width: Int)

  /// Whether its samples are sequences, each position of which has a class.
  public var takesSequences: Bool {
    switch self {
    case .longShortTermMemory, .transformer: true
    case .logisticRegression, .multilayerPerceptron, .convolutionalNetwork, .residualNetwork: false
    }
  }

  /// The least height and width of its images.
  public var smallestSide: Int { self == .convolutionalNetwork ? 4 : 1 }

  /// Its layers for images of a shape, samples of 1xFEATURESx1, or sequences of 1xPOSITIONSx1. Neither side may be below
  /// `smallestSide`.
  /// - Parameters:
  ///   - convolution: the kernels of the convolutions, chosen by what suits them unless given.
  ///   - dropout: the probability of a number to be dropped, of networks of sequences.
  public func layers(
    input: ImageShape, classes: Int, convolution: ConvolutionProducts.Kernels? = nil, dropout: Float = 0
  ) -> [any Layer] {
    switch self {
    case .logisticRegression:
      return [Dense("", inputs: input.count, outputs: classes, initialization: .zeros, image: input)]
    case .multilayerPerceptron(let hidden):
      return Self.multilayerPerceptron(hidden, input, classes)
    case .convolutionalNetwork:
      return Self.convolutionalNetwork(input, classes, convolution)
    case .residualNetwork(let depth):
      var network = ResidualNetwork(blocks: (depth - 2) / 6, kernels: convolution)
      return network.layers(input: input, classes: classes)
    case .longShortTermMemory(let layers, let hidden):
      return RecurrentNetwork(layers: layers, hidden: hidden, dropout: dropout).layers(
        positions: input.width, characters: classes)
    case .transformer(let layers, let heads, let width):
      return Transformer(layers: layers, heads: heads, width: width, dropout: dropout).layers(
        positions: input.width, characters: classes)
    }
  }

  private static func multilayerPerceptron(_ hidden: [Int], _ input: ImageShape, _ classes: Int) -> [any Layer] {
    // PyTorch numbers the rectifiers of an nn.Sequential too: its linear layers are "0", "2", "4", …
    let widths = [input.count] + hidden
    let rectified = hidden.indices.map { index in
      Dense(
        "\(2 * index)", inputs: widths[index], outputs: widths[index + 1], activation: .rectifier,
        image: index == 0 ? input : nil)
    }
    let last = Dense(
      "\(2 * hidden.count)", inputs: widths[hidden.count], outputs: classes, image: hidden.isEmpty ? input : nil)
    return rectified + [last]
  }

  /// McMahan, Moore, Ramage, Hampson and Agüera y Arcas (2017), section 3: two 5x5 convolutions of 32 and 64 channels,
  /// each with 2x2 pooling, and 512 rectified units; 1,663,370 parameters for 28x28 pixels in 10 classes.
  private static func convolutionalNetwork(
    _ input: ImageShape, _ classes: Int, _ kernels: ConvolutionProducts.Kernels?
  ) -> [any Layer] {
    func convolution(_ name: String, _ input: ImageShape, _ outputs: Int) -> PooledConvolution {
      let shape = ConvolutionShape(input: input, outputs: outputs, kernel: 5, padding: 2)
      return PooledConvolution(Convolution(name, shape, kernels: kernels), pooling: 2)
    }
    let first = convolution("conv1", input, 32)
    let second = convolution("conv2", first.output, 64)
    return [
      first, second,
      Dense("fc1", inputs: second.outputCount, outputs: 512, activation: .rectifier, image: second.output),
      Dense("fc2", inputs: 512, outputs: classes),
    ]
  }
}
