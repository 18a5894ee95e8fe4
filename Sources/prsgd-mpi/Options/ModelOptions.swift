import ArgumentParser
import Kernels
import Models
import Records

/// Which network, the same in `train` and `bench`.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The network: logreg (from zeros), mlp, cnn (two convolutions; McMahan et al. 2017), resnet20, resnet32, "
        + "resnet44, resnet56 or resnet110 (He et al. 2015, for small images); for texts, lstm (McMahan et al. 2017) or gpt "
        + "(a small transformer, as nanoGPT's).", valueName: "name"))
  var model = ModelName.multilayerPerceptron

  @Option(
    help: ArgumentHelp(
      "Widths of the mlp's hidden layers, or the width of the lstm's. (default: 512,256; lstm: 256)",
      valueName: "n,n,…"),
    transform: { try LayerWidths(parsing: $0) })
  var hidden: LayerWidths?

  @Option(help: ArgumentHelp("Layers of the lstm (default: 2), or blocks of the gpt (default: 4).", valueName: "n"))
  var layers: Int?

  @Option(help: ArgumentHelp("Heads of the gpt's attention. (default: 4)", valueName: "n"))
  var heads: Int?

  @Option(help: ArgumentHelp("Width of the gpt, a multiple of its heads. (default: 128)", valueName: "n"))
  var width: Int?

  @Option(
    help: ArgumentHelp(
      "Characters of a sequence, from which the next ones are predicted. (default: 64; lstm: 80)",
      valueName: "n"))
  var context: Int?

  @Option(
    help: ArgumentHelp(
      "Probability that an activation is dropped in training, between the lstm's layers, or after the gpt's embedding and "
        + "in its residual branches. (default: 0)", valueName: "share"))
  var dropout: Double?

  @Option(
    help: ArgumentHelp(
      "Kernels of convolutions: direct; winograd, with fewer multiplications for windows of 3x3 and 5x5 and stride 1; blas; or "
        + "auto, the fastest for this build.", valueName: "name"))
  var convolution = ConvolutionChoice.auto

  func validate() throws {
    if let hidden, model == .longShortTermMemory, hidden.widths.count > 1 {
      throw ValidationError("--hidden of lstm is the width of each of its --layers, one number, not \(hidden).")
    }
    let ofSequences: [(name: String, value: Int?, models: [ModelName], range: ClosedRange<Int>)] = [
      ("layers", layers, [.longShortTermMemory, .transformer], 1...1024), ("heads", heads, [.transformer], 1...1024),
      ("width", width, [.transformer], 1...1 << 20),
      ("context", context, [.longShortTermMemory, .transformer], 1...1 << 20),
    ]
    for case (let name, let value?, let models, let range) in ofSequences {
      guard models.contains(model) else {
        let owners = models.map(\.rawValue).joined(separator: " and ")
        throw ValidationError("--\(name) is of --model \(owners), not of \(model.rawValue).")
      }
      guard range.contains(value) else {
        throw ValidationError("--\(name) must be \(range.lowerBound) to \(range.upperBound), not \(value).")
      }
    }
    if let dropout {
      guard takesSequences else {
        throw ValidationError("--dropout is of --model lstm and gpt, not of \(model.rawValue).")
      }
      guard dropout >= 0, dropout < 1 else {
        throw ValidationError("--dropout must be at least 0 and below 1, not \(dropout).")
      }
    }
    guard case .transformer(_, let heads, let width) = specification, width % heads != 0 else { return }
    throw ValidationError("--width \(width) is no multiple of the \(heads) --heads.")
  }

  /// Whether the network is one of texts.
  var takesSequences: Bool { specification.takesSequences }

  /// Characters that the network sees of a sequence.
  var positions: Int { context ?? (model == .longShortTermMemory ? 80 : 64) }

  /// Whether images are large enough for the network.
  func fits(height: Int, width: Int) -> Bool { min(height, width) >= specification.smallestSide }

  /// The images that the network wants, such as "images of at least 4x4 pixels".
  var wantedImages: String {
    let side = specification.smallestSide
    return "images of at least \(side)x\(side) pixels"
  }

  /// The network's layers for samples of a shape.
  func layers(_ input: ImageShape, classes: Int) -> [any Layer] {
    specification.layers(input: input, classes: classes, convolution: convolution.kernels, dropout: Float(dropout ?? 0))
  }

  /// What `bench` makes random samples of.
  var benchImage: ImageShape {
    switch specification {
    case .residualNetwork: ImageShape(height: 32, width: 32, channels: 3)
    case .longShortTermMemory, .transformer: ImageShape(height: 1, width: positions, channels: 1)
    case .logisticRegression, .multilayerPerceptron, .convolutionalNetwork:
      ImageShape(height: 28, width: 28, channels: 1)
    }
  }

  var specification: ModelSpecification {
    switch model {
    case .logisticRegression: .logisticRegression
    case .multilayerPerceptron: .multilayerPerceptron(hidden: hiddenWidths.widths)
    case .convolutionalNetwork: .convolutionalNetwork
    case .residualNetwork20: .residualNetwork(depth: 20)
    case .residualNetwork32: .residualNetwork(depth: 32)
    case .residualNetwork44: .residualNetwork(depth: 44)
    case .residualNetwork56: .residualNetwork(depth: 56)
    case .residualNetwork110: .residualNetwork(depth: 110)
    case .longShortTermMemory: .longShortTermMemory(layers: layers ?? 2, hidden: hiddenWidths.widths[0])
    case .transformer: .transformer(layers: layers ?? 4, heads: heads ?? 4, width: width ?? 128)
    }
  }

  private var hiddenWidths: LayerWidths {
    hidden ?? LayerWidths(model == .longShortTermMemory ? [256] : [512, 256])
  }

  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = ["model": .text(model.rawValue), "convolution": .text(convolution.rawValue)]
    if model != .transformer { options["hidden"] = .text("\(hiddenWidths)") }
    switch specification {
    case .longShortTermMemory(let layers, _): options["layers"] = .integer(layers)
    case .transformer(let layers, let heads, let width):
      options.merge(["layers": .integer(layers), "heads": .integer(heads), "width": .integer(width)]) { $1 }
    default: return options
    }
    options["context"] = .integer(positions)
    options["dropout"] = .number(dropout ?? 0)
    return options
  }
}
