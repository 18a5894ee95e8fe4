import CHost

/// Pooling of images, channel by channel, square windows side by side.
public struct MaximumPooling: Sendable {
  public let input: ImageShape
  public let output: ImageShape
  public let size: Int

  /// Windows of `size` by `size` pixels; what does not fill a window at the right and below is left out.
  public init(_ input: ImageShape, size: Int) {
    precondition(size > 0 && input.height >= size && input.width >= size)
    self.input = input
    self.size = size
    output = ImageShape(height: input.height / size, width: input.width / size, channels: input.channels)
  }

  /// output ← the largest number of each window.
  public func forward(_ image: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    forEachWindow { pixel, corner in
      let (y, x) = (output + pixel, image + corner)
      for channel in 0..<input.channels { y[channel] = x[channel] }
      forEachTap { tap in
        let x = x + tap
        // A NaN wins, wherever in the window it is, so that a diverged run shows.
        for channel in 0..<input.channels {
          let isNew = x[channel] > y[channel] || x[channel].isNaN
          y[channel] = isNew ? x[channel] : y[channel]
        }
      }
    }
  }

  /// inputGradient ← each window's gradient, at the first pixel that has the window's largest number.
  public func backward(
    _ image: UnsafePointer<Float>, _ output: UnsafePointer<Float>, _ outputGradient: UnsafePointer<Float>,
    _ inputGradient: UnsafeMutablePointer<Float>
  ) {
    let isCovered = input.height % size == 0 && input.width % size == 0
    if !isCovered { inputGradient.update(repeating: 0, count: input.count) }
    let vectors = input.channels / 16 * 16
    forEachWindow { pixel, corner in
      let (x, target) = (image + corner, inputGradient + corner)
      for channel in stride(from: 0, to: vectors, by: 16) {
        distribute(output + (pixel &+ channel), outputGradient + (pixel &+ channel), x + channel, target + channel)
      }
      for channel in vectors..<input.channels {
        var gradient = outputGradient[pixel + channel]
        forEachTap { tap in
          let isLargest = x[tap + channel] == output[pixel + channel]
          target[tap + channel] = isLargest ? gradient : 0
          if isLargest { gradient = 0 }
        }
      }
    }
  }

  /// The same of sixteen channels of a window: written out, since what goes through a closure goes through memory.
  @inline(__always)
  private func distribute(
    _ y: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let y = SIMD16.load(y)
    var gradient = SIMD16.load(g)
    for row in 0..<size {
      for column in 0..<size {
        let tap = (row &* input.width &+ column) &* input.channels
        // Two streams to wait for, and little to do.
        chost_prefetch(x + (tap &+ 512))
        chost_prefetch_to_write(target + (tap &+ 512))
        let isLargest = SIMD16.load(x + tap) .== y
        SIMD16<Float>().replacing(with: gradient, where: isLargest).store(target + tap)
        gradient.replace(with: 0, where: isLargest)
      }
    }
  }

  @inline(__always)
  private func forEachWindow(_ body: (_ pixel: Int, _ corner: Int) -> Void) {
    for row in 0..<output.height {
      for column in 0..<output.width {
        body(
          (row &* output.width &+ column) &* input.channels,
          (row &* input.width &+ column) &* size &* input.channels)
      }
    }
  }

  @inline(__always)
  private func forEachTap(_ body: (Int) -> Void) {
    for row in 0..<size {
      for column in 0..<size { body((row &* input.width &+ column) &* input.channels) }
    }
  }
}

/// Pooling of a whole image: the mean of each channel.
public struct GlobalAveragePooling: Sendable {
  public let input: ImageShape

  public init(_ input: ImageShape) { self.input = input }

  /// output (channels) ← means over the pixels.
  public func forward(_ image: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    output.update(repeating: 0, count: input.channels)
    for pixel in 0..<input.pixels {
      let x = image + pixel &* input.channels
      for channel in 0..<input.channels { output[channel] += x[channel] }
    }
    let factor = 1 / Float(input.pixels)
    for channel in 0..<input.channels { output[channel] *= factor }
  }

  /// inputGradient ← each channel's gradient, shared out evenly.
  public func backward(_ outputGradient: UnsafePointer<Float>, _ inputGradient: UnsafeMutablePointer<Float>) {
    let factor = 1 / Float(input.pixels)
    for pixel in 0..<input.pixels {
      let target = inputGradient + pixel &* input.channels
      for channel in 0..<input.channels { target[channel] = factor * outputGradient[channel] }
    }
  }
}
