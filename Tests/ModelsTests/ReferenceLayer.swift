import Glibc
import Kernels

/// A layer in Double and without any kernel: loops over a batch of images, channels last, with parameters in the order
/// they are exported in.
struct ReferenceLayer: Sendable {
  typealias Images = [[Double]]

  let parameterCount: Int
  /// How many layers before this one's input the shortcut comes from, if there is one.
  var layersBack: Int?
  /// The outputs for parameters, inputs, and what the shortcut comes from.
  let apply: @Sendable (ArraySlice<Double>, Images, Images?) -> Images

  /// y = σ(W x + b), W (out, in).
  /// - Parameter image: where the input is an image, which W wants with channels first.
  static func dense(_ inputs: Int, _ outputs: Int, isRectified: Bool, image: ImageShape? = nil) -> ReferenceLayer {
    ReferenceLayer(parameterCount: (inputs + 1) * outputs) { parameters, images, _ in
      let start = parameters.startIndex
      return images.map { x in
        (0..<outputs).map { output in
          var sum = parameters[start + outputs * inputs + output]
          for input in 0..<inputs {
            let place = image.map { input % $0.pixels * $0.channels + input / $0.pixels } ?? input
            sum += parameters[start + output * inputs + input] * x[place]
          }
          return isRectified ? max(sum, 0) : sum
        }
      }
    }
  }

  /// y = w ∗ x, w (out, in, row, column).
  static func convolution(_ shape: ConvolutionShape) -> ReferenceLayer { convolution(shape, isRectified: false) }

  /// The largest number of each window of max(w ∗ x + b, 0).
  static func pooledConvolution(_ shape: ConvolutionShape, size: Int) -> ReferenceLayer {
    let rectified = convolution(shape, isRectified: true)
    let pooling = maximumPooling(shape.output, size: size)
    return ReferenceLayer(parameterCount: rectified.parameterCount) { parameters, images, _ in
      pooling.apply([], rectified.apply(parameters, images, nil), nil)
    }
  }

  /// y = w ∗ x, or max(w ∗ x + b, 0).
  private static func convolution(_ shape: ConvolutionShape, isRectified: Bool) -> ReferenceLayer {
    let (input, output, kernel) = (shape.input, shape.output, shape.kernel)
    return ReferenceLayer(parameterCount: shape.weightCount + (isRectified ? output.channels : 0)) {
      parameters, images, _ in
      let w = Array(parameters)
      return images.map { x in
        var y = [Double](repeating: 0, count: output.count)
        for index in 0..<output.count {
          let (pixel, out) = index.quotientAndRemainder(dividingBy: output.channels)
          var sum = isRectified ? w[shape.weightCount + out] : 0
          for tap in 0..<(kernel * kernel) {
            let row = pixel / output.width * shape.stride + tap / kernel - shape.padding
            let column = pixel % output.width * shape.stride + tap % kernel - shape.padding
            guard row >= 0, row < input.height, column >= 0, column < input.width else { continue }
            let from = (row * input.width + column) * input.channels
            for channel in 0..<input.channels {
              sum += w[(out * input.channels + channel) * kernel * kernel + tap] * x[from + channel]
            }
          }
          y[index] = isRectified ? max(sum, 0) : sum
        }
        return y
      }
    }
  }

  /// y = max(γ (x − μ) / √(σ² + ε) + β + shortcut, 0) with the moments of the batch.
  /// - Parameter source: the shape of what the shortcut takes every `stride`-th pixel of, if there is one.
  static func normalization(
    _ image: ImageShape, source: ImageShape? = nil, stride: Int = 1, layersBack: Int? = nil
  ) -> ReferenceLayer {
    ReferenceLayer(parameterCount: 2 * image.channels, layersBack: layersBack) { parameters, images, sources in
      let start = parameters.startIndex
      let count = Double(images.count * image.pixels)
      var y = images
      for channel in 0..<image.channels {
        let places = Swift.stride(from: channel, to: image.count, by: image.channels)
        let mean = images.reduce(0) { sum, x in places.reduce(sum) { $0 + x[$1] } } / count
        let variance = images.reduce(0) { sum, x in places.reduce(sum) { $0 + pow(x[$1] - mean, 2) } } / count
        let scale = parameters[start + channel] / (variance + 1e-5).squareRoot()
        let shift = parameters[start + image.channels + channel]
        for row in y.indices { for place in places { y[row][place] = scale * (y[row][place] - mean) + shift } }
      }
      for row in y.indices {
        if let source, let sources { add(sources[row], source, stride, to: &y[row], image) }
        for place in y[row].indices { y[row][place] = max(y[row][place], 0) }
      }
      return y
    }
  }

  /// Adds every `stride`-th pixel, in the middle one of the target's channels.
  private static func add(
    _ x: [Double], _ source: ImageShape, _ stride: Int, to y: inout [Double], _ target: ImageShape
  ) {
    let first = (target.channels - source.channels) / 2
    for row in 0..<target.height {
      for column in 0..<target.width {
        for channel in 0..<source.channels {
          y[(row * target.width + column) * target.channels + first + channel] +=
            x[stride * (row * source.width + column) * source.channels + channel]
        }
      }
    }
  }

  private static func maximumPooling(_ image: ImageShape, size: Int) -> ReferenceLayer {
    let (height, width) = (image.height / size, image.width / size)
    return ReferenceLayer(parameterCount: 0) { _, images, _ in
      images.map { x in
        (0..<(height * width * image.channels)).map { index in
          let (pixel, channel) = index.quotientAndRemainder(dividingBy: image.channels)
          let (top, left) = (pixel / width * size, pixel % width * size)
          return (0..<(size * size)).map { tap in
            x[((top + tap / size) * image.width + left + tap % size) * image.channels + channel]
          }.max()!
        }
      }
    }
  }

  static func globalAveragePooling(_ image: ImageShape) -> ReferenceLayer {
    ReferenceLayer(parameterCount: 0) { _, images, _ in
      images.map { x in
        (0..<image.channels).map { channel in
          stride(from: channel, to: image.count, by: image.channels).reduce(0) { $0 + x[$1] } / Double(image.pixels)
        }
      }
    }
  }
}
