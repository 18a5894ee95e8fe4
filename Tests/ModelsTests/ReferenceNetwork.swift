import Glibc
import Kernels
import Models

/// A network in Double and without any kernel, from parameters as they are exported: what gradients are held against.
struct ReferenceNetwork {
  let layers: [ReferenceLayer]

  init(_ layers: [ReferenceLayer]) { self.layers = layers }

  /// Dense layers of these widths, all but the last rectified.
  init(widths: [Int]) {
    layers = widths.indices.dropLast().map {
      .dense(widths[$0], widths[$0 + 1], isRectified: $0 + 2 < widths.count)
    }
  }

  /// The convolutional network of McMahan et al.
  init(convolutionalFor image: ImageShape, classes: Int) {
    let first = ConvolutionShape(input: image, outputs: 32, kernel: 5, padding: 2)
    let half = ImageShape(height: image.height / 2, width: image.width / 2, channels: 32)
    let second = ConvolutionShape(input: half, outputs: 64, kernel: 5, padding: 2)
    let quarter = ImageShape(height: half.height / 2, width: half.width / 2, channels: 64)
    layers = [
      .pooledConvolution(first, size: 2),
      .pooledConvolution(second, size: 2),
      .dense(quarter.count, 512, isRectified: true, image: quarter), .dense(512, classes, isRectified: false),
    ]
  }

  /// The residual network of He et al. with some blocks in each of its three stages.
  init(residualBlocks blocks: Int, for image: ImageShape, classes: Int) {
    var layers: [ReferenceLayer] = []
    func convolution(_ input: ImageShape, _ outputs: Int, stride: Int) -> ImageShape {
      let shape = ConvolutionShape(input: input, outputs: outputs, kernel: 3, stride: stride, padding: 1)
      layers.append(.convolution(shape))
      return shape.output
    }
    var image = convolution(image, 16, stride: 1)
    layers.append(.normalization(image))
    for channels in [16, 32, 64] {
      for _ in 0..<blocks {
        let (source, stride) = (image, image.channels < channels ? 2 : 1)
        image = convolution(source, channels, stride: stride)
        layers.append(.normalization(image))
        image = convolution(image, channels, stride: 1)
        layers.append(.normalization(image, source: source, stride: stride, layersBack: 3))
      }
    }
    self.layers = layers + [.globalAveragePooling(image), .dense(64, classes, isRectified: false)]
  }

  /// The outputs for a batch of samples.
  func outputs(_ parameters: [Double], _ samples: [[Double]]) -> [[Double]] {
    var offset = 0
    var activations = [samples]
    for layer in layers {
      let own = parameters[offset..<(offset + layer.parameterCount)]
      let source = layer.layersBack.map { activations[activations.count - 1 - $0] }
      activations.append(layer.apply(own, activations.last!, source))
      offset += layer.parameterCount
    }
    return activations.last!
  }

  /// Mean cross-entropy, of labels smoothed by `smoothing`.
  func loss(_ parameters: [Double], _ samples: [[Double]], _ labels: [Int32], smoothing: Double = 0) -> Double {
    let sum = zip(outputs(parameters, samples), labels).reduce(0) { sum, sample in
      let y = sample.0
      let expected = (1 - smoothing) * y[Int(sample.1)] + smoothing * y.reduce(0, +) / Double(y.count)
      return sum + log(y.reduce(0) { $0 + exp($1) }) - expected
    }
    return sum / Double(samples.count)
  }
}

/// The gradient of `function` at `point` by central differences: all of it, or the numbers at some places.
func centralDifferences(
  _ point: [Double], at places: [Int]? = nil, _ function: ([Double]) -> Double
) -> [Double] {
  var point = point
  return (places ?? Array(point.indices)).map { index in
    let (middle, step) = (point[index], 1e-5)
    point[index] = middle + step
    let above = function(point)
    point[index] = middle - step
    let below = function(point)
    point[index] = middle
    return (above - below) / (2 * step)
  }
}

/// ‖actual − expected‖ / ‖expected‖; NaN where either has one.
func relativeError(_ actual: [Float], _ expected: [Double]) -> Double {
  precondition(actual.count == expected.count)
  let error = zip(actual, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return (error / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
}
