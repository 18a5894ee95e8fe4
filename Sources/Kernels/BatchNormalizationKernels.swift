/// Batch normalisation (Ioffe, Szegedy 2015) of images, channel by channel: y = a z + b with a = γ/√(σ² + ε) and
/// b = β − μ a.
///
/// μ and σ² are the batch's mean and variance over all images and pixels in training, and given ones in evaluation. 16
/// channels go through a vector at a time. Sums over an image are kept in single precision, and images are added up in
/// Double.
public struct BatchNormalizationKernels: Sendable {
  typealias Vector = SIMD16<Float>
  public typealias Numbers = UnsafeMutablePointer<Float>

  /// ε: keeps the deviation of a constant channel from zero.
  public static let epsilon = 1e-5

  public let image: ImageShape
  /// (channels): a and b of the last `normalize`; μ and 1/√(σ² + ε) of the last batch; the factors of its gradient.
  private let scale: AlignedBuffer<Float>
  private let shift: AlignedBuffer<Float>
  private let mean: AlignedBuffer<Float>
  private let inverseDeviation: AlignedBuffer<Float>
  private let slope: AlignedBuffer<Float>
  private let offset: AlignedBuffer<Float>
  /// (2, channels)
  private let sums: AlignedBuffer<Double>

  public init(_ image: ImageShape) {
    self.image = image
    let perChannel = { AlignedBuffer<Float>(count: rounded(image.channels, upTo: 16)) }
    (scale, shift, mean) = (perChannel(), perChannel(), perChannel())
    (inverseDeviation, slope, offset) = (perChannel(), perChannel(), perChannel())
    sums = AlignedBuffer(count: 2 * image.channels)
  }

  // MARK: Statistics

  /// Finds the moments of a batch, for `normalize` and `backward`, and moves the running ones towards them.
  ///
  /// - Parameter runningMean, runningVariance: (channels) ← (1 − m)·running + m·batch, where m is `momentum` and the
  ///   batch's variance is the unbiased one, as PyTorch has it.
  public func takeMoments(of z: Matrix, runningMean: Numbers, runningVariance: Numbers, momentum: Float) {
    sums.elements.update(repeating: 0)
    // Relative to the first pixel, whose distance from the mean is of the deviation's size: squares then cancel little.
    let origin = z.pointer
    add(rows: z.rows) { row, place, channel in
      let value = Self.load(z.row(row) + place) - Self.load(origin + channel)
      return (value, value * value)
    }
    let count = Double(z.rows * image.pixels)
    for channel in 0..<image.channels {
      let mean = sums.pointer[channel] / count
      let variance = max(0, sums.pointer[image.channels + channel] / count - mean * mean)
      self.mean.pointer[channel] = origin[channel] + Float(mean)
      inverseDeviation.pointer[channel] = Float(1 / (variance + Self.epsilon).squareRoot())
      let unbiased = variance * count / max(1, count - 1)
      runningMean[channel] += momentum * (origin[channel] + Float(mean) - runningMean[channel])
      runningVariance[channel] += momentum * (Float(unbiased) - runningVariance[channel])
    }
  }

  /// Uses given moments in place of a batch's.
  public func useMoments(mean: UnsafePointer<Float>, variance: UnsafePointer<Float>) {
    for channel in 0..<image.channels {
      self.mean.pointer[channel] = mean[channel]
      inverseDeviation.pointer[channel] = Float(1 / (Double(variance[channel]) + Self.epsilon).squareRoot())
    }
  }

  /// Adds to `sums` (2, channels) what `term` makes of each place: image, number in it, channel.
  @inline(__always)
  private func add(rows: Int, _ term: (Int, Int, Int) -> (Vector, Vector)) {
    let channels = image.channels
    for row in 0..<rows {
      for channel in stride(from: 0, to: channels, by: 16) {
        // Two sums of each: an addition takes four cycles, and two new ones can begin in each.
        var (first, second, first2, second2) = (Vector(), Vector(), Vector(), Vector())
        var place = channel
        for _ in 0..<image.pixels / 2 {
          let (a, b) = term(row, place, channel)
          let (a2, b2) = term(row, place &+ channels, channel)
          first += a
          second += b
          first2 += a2
          second2 += b2
          place += 2 &* channels
        }
        if image.pixels % 2 == 1 {
          let (a, b) = term(row, place, channel)
          first += a
          second += b
        }
        first += first2
        second += second2
        for lane in 0..<min(16, channels - channel) {
          sums.pointer[channel + lane] += Double(first[lane])
          sums.pointer[channels + channel + lane] += Double(second[lane])
        }
      }
    }
  }

  // MARK: Forward

  /// Fixes a and b for the moments at hand.
  public func prepare(gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>) {
    for channel in 0..<image.channels {
      scale.pointer[channel] = gamma[channel] * inverseDeviation.pointer[channel]
      shift.pointer[channel] = beta[channel] - mean.pointer[channel] * scale.pointer[channel]
    }
  }

  /// output ← a z + b of one image, rectified where asked for.
  public func normalize(_ z: UnsafePointer<Float>, _ output: Numbers, rectified: Bool) {
    let floor = Vector(repeating: rectified ? 0 : -.infinity)
    forEachVector { place, channel, lanes in
      let y = Self.load(shift.pointer + channel).addingProduct(
        Self.load(z + place), Self.load(scale.pointer + channel))
      // NaN stays NaN: a diverged run must not look like a dead unit.
      Self.store(y.replacing(with: floor, where: y .< floor), output + place, lanes)
    }
  }

  /// Hands each vector of an image to `body`: its place, its first channel, and how many of its lanes are of this pixel.
  @inline(__always)
  private func forEachVector(_ body: (Int, Int, Int) -> Void) {
    let channels = image.channels
    for channel in stride(from: 0, to: channels, by: 16) {
      let lanes = min(16, channels - channel)
      var place = channel
      for _ in 0..<image.pixels {
        body(place, channel, lanes)
        place += channels
      }
    }
  }

  // MARK: Backward

  /// Given g = ∂loss/∂y of the last batch that `takeMoments` saw, zeroed here where the rectified `output` is:
  /// inputGradient ← ∂loss/∂z, and ∂loss/∂γ and ∂loss/∂β are stored in (channels) each.
  public func backward(
    z: Matrix, output: Matrix?, outputGradient: Matrix, inputGradient: Matrix, gammaGradient: Numbers,
    betaGradient: Numbers
  ) {
    sums.elements.update(repeating: 0)
    let channels = image.channels
    if let output { outputGradient.mask(whereZero: output) }
    add(rows: z.rows) { row, place, channel in
      let g = Self.load(outputGradient.row(row) + place)
      return (g, g * (Self.load(z.row(row) + place) - Self.load(mean.pointer + channel)))
    }
    let count = Double(z.rows * image.pixels)
    for channel in 0..<channels {
      let (sum, product) = (sums.pointer[channel], sums.pointer[channels + channel])
      let inverse = Double(inverseDeviation.pointer[channel])
      betaGradient[channel] = Float(sum)
      gammaGradient[channel] = Float(product * inverse)
      // ∂loss/∂z = a (g − Σg/n − (z − μ) Σ g (z − μ) / (n (σ² + ε)))
      let a = Double(scale.pointer[channel])
      let slope = -a * product * inverse * inverse / count
      self.slope.pointer[channel] = Float(slope)
      offset.pointer[channel] = Float(-a * sum / count - slope * Double(mean.pointer[channel]))
    }
    for row in 0..<z.rows { applyGradient(z.row(row), outputGradient.row(row), inputGradient.row(row)) }
  }

  private func applyGradient(_ z: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ target: Numbers) {
    forEachVector { place, channel, lanes in
      var value = Self.load(offset.pointer + channel)
      value.addProduct(Self.load(slope.pointer + channel), Self.load(z + place))
      value.addProduct(Self.load(scale.pointer + channel), Self.load(g + place))
      Self.store(value, target + place, lanes)
    }
  }

  @inline(__always)
  private static func load(_ address: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  private static func store(_ vector: Vector, _ address: Numbers, _ lanes: Int) {
    if lanes == 16 {
      UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
    } else {
      for lane in 0..<lanes { address[lane] = vector[lane] }
    }
  }
}
