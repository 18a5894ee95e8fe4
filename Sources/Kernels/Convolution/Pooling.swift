import CHost

/// Maximum pooling of images after a bias and a rectifier, channel by channel, square windows side by side.
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

  /// output ← the largest number of each window of max(image + bias, 0); bias (channels).
  /// - Parameter taps: receives, for each of them, which pixel of its window it is, in reading order; the first of equal ones.
  public func forward(
    _ image: UnsafePointer<Float>, bias: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    taps: UnsafeMutablePointer<Float>?
  ) {
    forEachVector { pixel, corner, channel, lanes in
      let b = LaneRange.load(bias + channel, lanes)
      var largest = SIMD16<Float>(repeating: -.infinity)
      var (place, tap) = (SIMD16<Float>(), SIMD16<Float>())
      for row in 0..<size {
        for column in 0..<size {
          let x = rectified(LaneRange.load(image + (corner &+ offset(row, column)), lanes) + b)
          // A NaN wins, wherever in the window it is, so that a diverged run shows.
          let isNew = (x .> largest) .| (x .!= x)
          largest.replace(with: x, where: isNew)
          place.replace(with: tap, where: isNew)
          tap += 1
        }
      }
      largest.store(output + pixel, count: lanes)
      if let taps { place.store(taps + pixel, count: lanes) }
    }
  }

  /// inputGradient ← each window's gradient, at the pixel that has its largest number, where that is not 0.
  public func backward(
    _ output: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ outputGradient: UnsafePointer<Float>,
    _ inputGradient: UnsafeMutablePointer<Float>
  ) {
    let isCovered = input.height % size == 0 && input.width % size == 0
    if !isCovered { inputGradient.update(repeating: 0, count: input.count) }
    forEachVector { pixel, corner, channel, lanes in
      let place = LaneRange.load(taps + pixel, lanes)
      let isShut = LaneRange.load(output + pixel, lanes) .== 0
      let gradient = LaneRange.load(outputGradient + pixel, lanes).replacing(with: 0, where: isShut)
      var tap = SIMD16<Float>()
      for row in 0..<size {
        for column in 0..<size {
          let target = inputGradient + (corner &+ offset(row, column))
          // Stores wait for their lines one after another.
          chost_prefetch_to_write(target + 512)
          SIMD16<Float>().replacing(with: gradient, where: place .== tap).store(target, count: lanes)
          tap += 1
        }
      }
    }
  }

  /// Hands each vector of channels of each window to `body`: where it is in the output and at the window's first pixel, its first
  /// channel, and how many.
  @inline(__always)
  private func forEachVector(_ body: (_ pixel: Int, _ corner: Int, _ channel: Int, _ lanes: Int) -> Void) {
    for row in 0..<output.height {
      for column in 0..<output.width {
        let pixel = (row &* output.width &+ column) &* input.channels
        let corner = (row &* input.width &+ column) &* size &* input.channels
        LaneRange.forEach(input.channels) { channel, lanes in
          body(pixel &+ channel, corner &+ channel, channel, lanes)
        }
      }
    }
  }

  /// From a window's first pixel to another, in numbers.
  @inline(__always)
  private func offset(_ row: Int, _ column: Int) -> Int { (row &* input.width &+ column) &* input.channels }
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
