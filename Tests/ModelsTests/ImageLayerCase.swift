import Kernels
import Models
import Testing

/// A layer of images, what it should compute, and a batch for it.
struct ImageLayerCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let makeLayer: @Sendable () -> any Layer
  let reference: ReferenceLayer
  var rows = 3
  /// Of what the shortcut comes from, if there is one.
  var source: ImageShape?

  static let all = convolutions + normalizations + pooling

  // MARK: Layers

  private static let convolutions = [
    (image(7, 9, 3), 7, 3, 1, 1), (image(5, 4, 5), 10, 3, 2, 1), (image(8, 6, 1), 5, 5, 1, 2),
    (image(7, 5, 2), 33, 3, 3, 0), (image(5, 2, 16), 16, 3, 1, 1), (image(4, 4, 3), 2, 1, 2, 0),
  ].flatMap { input, outputs, kernel, stride, padding in
    let shape = ConvolutionShape(input: input, outputs: outputs, kernel: kernel, stride: stride, padding: padding)
    return ConvolutionProducts.Kernels.allCases.filter { ConvolutionProducts(shape, kernels: $0).kernels == $0 }
      .flatMap { kernels in
        let name = "\(kernels) \(input)→\(shape.output), window \(kernel)"
        let plain = ImageLayerCase(
          testDescription: name, makeLayer: { Convolution("conv", shape, kernels: kernels) },
          reference: .convolution(shape), rows: 2)
        let sizes = [1, 2].filter { min(shape.output.height, shape.output.width) >= $0 }
        return [plain]
          + sizes.map { size in
            ImageLayerCase(
              testDescription: "\(name), pooled \(size)",
              makeLayer: { PooledConvolution(Convolution("conv", shape, kernels: kernels), pooling: size) },
              reference: .pooledConvolution(shape, size: size), rows: 2)
          }
      }
  }

  /// Without a shortcut, with the identity, and with one that halves the image.
  private static let normalizations = [
    (image(5, 4, 1), nil, 1), (image(3, 5, 20), nil, 1), (image(2, 3, 33), nil, 1), (image(4, 3, 5), image(4, 3, 5), 1),
    (image(3, 3, 16), image(3, 3, 16), 1), (image(5, 4, 10), image(9, 7, 5), 2), (image(2, 2, 32), image(4, 3, 16), 2),
    (image(2, 3, 64), image(4, 6, 32), 2), (image(3, 3, 7), image(3, 3, 4), 1),
  ].map { image, source, stride in
    ImageLayerCase(
      testDescription: "normalization \(image), shortcut \(source.map { "from \($0)" } ?? "none")",
      makeLayer: {
        BatchNormalization(
          "bn", image, shortcut: source.map { (shortcut: Shortcut(from: $0, to: image), layersBack: 1) })
      },
      reference: .normalization(image, source: source, stride: stride), rows: 4, source: source)
  }

  private static let pooling = [image(4, 6, 3), image(7, 9, 5), image(5, 4, 16)].map { image in
    ImageLayerCase(
      testDescription: "mean \(image)", makeLayer: { GlobalAveragePoolingLayer("pool", image) },
      reference: .globalAveragePooling(image))
  }

  private static func image(_ height: Int, _ width: Int, _ channels: Int) -> ImageShape {
    ImageShape(height: height, width: width, channels: channels)
  }

  /// One of the caller's own, as tests run side by side and layers have scratch memory.
  var layer: any Layer { makeLayer() }

  // MARK: Numbers

  /// Normal numbers: no two of them are as close as the differences' step, and none is as close to a kink.
  var batch: Batch { Batch(rows: rows, inputs: layer.inputCount, classes: 1) }
  var parameters: ParameterVector {
    let parameters = ParameterVector(count: layer.parameterCount)
    _ = parameters.elements.update(from: normalNumbers(parameters.count, stream: 2))
    return parameters
  }
  var outputGradient: [Float] { normalNumbers(rows * layer.outputCount, stream: 3) }
  /// What the shortcut comes from.
  var sourceRows: Rows? { source.map { Rows(rows, $0.count, normalNumbers(rows * $0.count, stream: 5)) } }
}
