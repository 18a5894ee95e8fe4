import ArgumentParser
import Kernels
import Models
import Records

/// Which network, the same in `train` and `bench`.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The network: logreg (from zeros), mlp, cnn (two convolutions; McMahan et al. 2017), or resnet20, resnet32, "
        + "resnet44, resnet56 or resnet110 (He et al. 2015, for small images).", valueName: "name"))
  var model = ModelName.multilayerPerceptron

  @Option(
    help: ArgumentHelp("Widths of the mlp's hidden layers. (default: 512,256)", valueName: "n,n,…"),
    transform: { try LayerWidths(parsing: $0) })
  var hidden = LayerWidths([512, 256])

  @Option(
    help: ArgumentHelp(
      "Kernels of convolutions: direct; winograd, which does those of 3x3 and stride 1 with fewer multiplications; blas, "
        + "which needs no wide vectors; or auto, the fastest of this build.", valueName: "name"))
  var convolution = ConvolutionChoice.auto

  /// Whether images are large enough for the network.
  func fits(height: Int, width: Int) -> Bool { min(height, width) >= specification.smallestSide }

  /// The images that the network wants, such as "images of at least 4x4 pixels".
  var wantedImages: String {
    let side = specification.smallestSide
    return "images of at least \(side)x\(side) pixels"
  }

  /// The network's layers for samples of a shape.
  func layers(_ input: ImageShape, classes: Int) -> [any Layer] {
    specification.layers(input: input, classes: classes, convolution: convolution.kernels)
  }

  /// What `bench` makes random samples of.
  var benchImage: ImageShape {
    switch specification {
    case .residualNetwork: ImageShape(height: 32, width: 32, channels: 3)
    case .logisticRegression, .multilayerPerceptron, .convolutionalNetwork:
      ImageShape(height: 28, width: 28, channels: 1)
    }
  }

  var specification: ModelSpecification {
    switch model {
    case .logisticRegression: .logisticRegression
    case .multilayerPerceptron: .multilayerPerceptron(hidden: hidden.widths)
    case .convolutionalNetwork: .convolutionalNetwork
    case .residualNetwork20: .residualNetwork(depth: 20)
    case .residualNetwork32: .residualNetwork(depth: 32)
    case .residualNetwork44: .residualNetwork(depth: 44)
    case .residualNetwork56: .residualNetwork(depth: 56)
    case .residualNetwork110: .residualNetwork(depth: 110)
    }
  }

  var recorded: [String: OptionValue] {
    [
      "model": .text(model.rawValue), "hidden": .text("\(hidden)"), "convolution": .text(convolution.rawValue),
    ]
  }
}
