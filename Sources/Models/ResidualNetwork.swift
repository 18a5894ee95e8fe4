import Kernels

/// A residual network for small images: He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2015),
/// section 4.2. A 3x3 convolution, three stages of blocks with 16, 32 and 64 channels, the second and third of which
/// begin by halving the image, then the mean over the image and a dense layer. Shortcuts have no parameters (option A).
///
/// With 3 blocks a stage, 20 layers and 269,722 parameters for 10 classes.
struct ResidualNetwork {
  /// In each stage.
  private let blocks: Int
  private let kernels: ConvolutionProducts.Kernels?
  /// Layers of the same shape share theirs.
  private var products: [ConvolutionShape: ConvolutionProducts] = [:]

  init(blocks: Int, kernels: ConvolutionProducts.Kernels?) {
    self.blocks = blocks
    self.kernels = kernels
  }

  mutating func layers(input: ImageShape, classes: Int) -> [any Layer] {
    var layers: [any Layer] = []
    var image = append(&layers, "conv1", "bn1", input, outputs: 16)
    for (stage, channels) in [16, 32, 64].enumerated() {
      for block in 0..<blocks {
        let name = "layer\(stage + 1).\(block)"
        let source = image
        let stride = stage > 0 && block == 0 ? 2 : 1
        image = append(&layers, name + ".conv1", name + ".bn1", image, outputs: channels, stride: stride)
        image = append(&layers, name + ".conv2", name + ".bn2", image, outputs: channels, addedTo: source)
      }
    }
    layers.append(GlobalAveragePoolingLayer("avgpool", image))
    layers.append(Dense("fc", inputs: image.channels, outputs: classes))
    return layers
  }

  /// A convolution and its normalisation; returns the shape of what comes out. A block's shortcut begins one layer before
  /// the input of its second convolution.
  private mutating func append(
    _ layers: inout [any Layer], _ name: String, _ normalization: String, _ input: ImageShape, outputs: Int,
    stride: Int = 1, addedTo source: ImageShape? = nil
  ) -> ImageShape {
    let shape = ConvolutionShape(input: input, outputs: outputs, kernel: 3, stride: stride, padding: 1)
    let products = products[shape] ?? ConvolutionProducts(shape, kernels: kernels)
    self.products[shape] = products
    let convolution = Convolution(name, products)
    let shortcut = source.map { (shortcut: Shortcut(from: $0, to: shape.output), layersBack: 1) }
    layers.append(
      NormalizedConvolution(convolution, BatchNormalization(normalization, shape.output, shortcut: shortcut)))
    return shape.output
  }
}
