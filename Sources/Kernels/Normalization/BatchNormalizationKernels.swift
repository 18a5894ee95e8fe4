import CHost

/// Batch normalisation (Ioffe, Szegedy 2015) of images, channel by channel: y = a z + b with a = γ/√(σ² + ε) and
/// b = β − μ a.
///
/// μ and σ² are the batch's mean and variance over all images and pixels in training, and given ones in evaluation. Sums
/// are taken of any number of pieces of a batch: in single precision over an image, 16 channels in a vector, and in Double
/// over images.
public struct BatchNormalizationKernels: Sendable {
  typealias Vector = SIMD16<Float>
  public typealias Numbers = UnsafeMutablePointer<Float>

  /// ε: keeps the deviation of a constant channel from zero.
  public static let epsilon = 1e-5

  /// Numbers that are asked for before they are needed: loops here wait for memory, and a page's end stops what processors
  /// foresee by themselves.
  private static let ahead = 512

  public let image: ImageShape
  /// Each (channels): a and b of `normalize`; μ and 1/√(σ² + ε); what squares are relative to; the factors of the gradient.
  private let scale, shift, mean, inverseDeviation, origin, slope, offset: AlignedBuffer<Float>
  /// (2, channels)
  private let sums: AlignedBuffer<Double>

  public init(_ image: ImageShape) {
    self.image = image
    let perChannel = { AlignedBuffer<Float>(count: rounded(image.channels, upTo: 16)) }
    (scale, shift, mean, inverseDeviation) = (perChannel(), perChannel(), perChannel(), perChannel())
    (origin, slope, offset) = (perChannel(), perChannel(), perChannel())
    sums = AlignedBuffer(count: 2 * image.channels)
  }

  // MARK: Statistics

  /// Begins to find the moments of a batch.
  /// - Parameter first: an image of it. Moments are found relative to a pixel, whose distance from the mean is of the
  ///   deviation's size: squares then cancel little.
  public func beginMoments(_ first: UnsafePointer<Float>) {
    origin.pointer.update(from: first, count: image.channels)
    beginSums()
  }

  /// Adds a piece of the batch.
  public func addMoments(of z: Matrix) {
    for row in 0..<z.rows {
      let z = UnsafePointer(z.row(row))
      for channel in stride(from: 0, to: image.channels, by: 16) {
        let origin = Vector.load(origin.pointer + channel)
        var (first, second, first2, second2) = (Vector(), Vector(), Vector(), Vector())
        for pair in 0..<pairs {
          let place = channel &+ 2 &* pair &* image.channels
          let value = Vector.load(z + place) - origin
          let value2 = Vector.load(z + (place &+ image.channels)) - origin
          first += value
          second.addProduct(value, value)
          first2 += value2
          second2.addProduct(value2, value2)
        }
        for pixel in 2 &* pairs..<image.pixels {
          let value = Vector.load(z + (channel &+ pixel &* image.channels)) - origin
          first += value
          second.addProduct(value, value)
        }
        addSums(channel, first + first2, second + second2)
      }
    }
  }

  /// Takes the moments of all `rows` images for `normalize` and the gradient, and moves the running ones towards them.
  ///
  /// - Parameter runningMean, runningVariance: (channels) ← (1 − m)·running + m·batch, where m is `momentum` and the
  ///   batch's variance is the unbiased one, as PyTorch has it.
  public func finishMoments(rows: Int, runningMean: Numbers, runningVariance: Numbers, momentum: Float) {
    let count = Double(rows * image.pixels)
    for channel in 0..<image.channels {
      let distance = sums.pointer[channel] / count
      let variance = max(0, sums.pointer[image.channels + channel] / count - distance * distance)
      mean.pointer[channel] = Float(Double(origin.pointer[channel]) + distance)
      inverseDeviation.pointer[channel] = Float(1 / (variance + Self.epsilon).squareRoot())
      let unbiased = Float(variance * count / max(1, count - 1))
      runningMean[channel] += momentum * (mean.pointer[channel] - runningMean[channel])
      runningVariance[channel] += momentum * (unbiased - runningVariance[channel])
    }
  }

  /// Uses given moments in place of a batch's.
  public func useMoments(mean: UnsafePointer<Float>, variance: UnsafePointer<Float>) {
    for channel in 0..<image.channels {
      self.mean.pointer[channel] = mean[channel]
      inverseDeviation.pointer[channel] = Float(1 / (Double(variance[channel]) + Self.epsilon).squareRoot())
    }
  }

  /// Hands each vector of channels to `whole`, and what is left of them, with their number, to `part`.
  @inline(__always)
  private func forEachVector(_ whole: (_ channel: Int) -> Void, part: (_ channel: Int, _ lanes: Int) -> Void) {
    let count = image.channels / 16 * 16
    for channel in stride(from: 0, to: count, by: 16) { whole(channel) }
    if count < image.channels { part(count, image.channels - count) }
  }

  private func beginSums() { sums.elements.update(repeating: 0) }

  /// Pixels that are summed in twos, with two sums of each: an addition takes four cycles, and two new ones can begin in
  /// each. Where a `Vector` is two registers there are two sums as it is.
  private var pairs: Int { Vector.scalarCount == MachineVector.scalarCount ? image.pixels / 2 : 0 }

  private func addSums(_ channel: Int, _ first: Vector, _ second: Vector) {
    for lane in 0..<min(16, image.channels - channel) {
      sums.pointer[channel + lane] += Double(first[lane])
      sums.pointer[image.channels + channel + lane] += Double(second[lane])
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

  /// output ← a z + b of one image, a shortcut added where there is one, rectified where asked for.
  public func normalize(
    _ z: UnsafePointer<Float>, adding shortcut: UnsafePointer<Float>? = nil, _ output: Numbers, rectified: Bool
  ) {
    forEachVector {
      normalize($0, z, adding: shortcut, output, rectified, WholeVector())
    } part: {
      normalize($0, z, adding: shortcut, output, rectified, PartOfVector(count: $1))
    }
  }

  /// Some channels of it.
  @inline(__always)
  private func normalize(
    _ channel: Int, _ z: UnsafePointer<Float>, adding shortcut: UnsafePointer<Float>?, _ output: Numbers,
    _ rectified: Bool, _ lanes: some VectorStore
  ) {
    let floor = Vector(repeating: rectified ? 0 : -.infinity)
    let (a, b) = (Vector.load(scale.pointer + channel), Vector.load(shift.pointer + channel))
    for pixel in 0..<image.pixels {
      let place = channel &+ pixel &* image.channels
      chost_prefetch(z + (place &+ Self.ahead))
      chost_prefetch_to_write(output + (place &+ Self.ahead))
      var y = b.addingProduct(Vector.load(z + place), a)
      if let shortcut {
        chost_prefetch(shortcut + (place &+ Self.ahead))
        y += Vector.load(shortcut + place)
      }
      // NaN stays NaN: a diverged run must not look like a dead unit.
      lanes.store(y.replacing(with: floor, where: y .< floor), output + place)
    }
  }

  // MARK: Backward

  /// Begins to find the gradients for the batch whose moments `finishMoments` took.
  public func beginGradient() { beginSums() }

  /// Adds an image z with g = ∂loss/∂y; `rectified` as it was for `normalize`.
  public func addGradient(_ z: UnsafePointer<Float>, _ g: UnsafePointer<Float>, rectified: Bool) {
    let floor = Vector(repeating: rectified ? 0 : -.infinity)
    for channel in stride(from: 0, to: image.channels, by: 16) {
      let (a, b) = (Vector.load(scale.pointer + channel), Vector.load(shift.pointer + channel))
      let mean = Vector.load(mean.pointer + channel)
      var (first, second, first2, second2) = (Vector(), Vector(), Vector(), Vector())
      for pair in 0..<pairs {
        let place = channel &+ 2 &* pair &* image.channels
        chost_prefetch(z + (place &+ Self.ahead))
        chost_prefetch(z + (place &+ Self.ahead &+ image.channels))
        chost_prefetch(g + (place &+ Self.ahead))
        chost_prefetch(g + (place &+ Self.ahead &+ image.channels))
        let (value, value2) = (Vector.load(z + place), Vector.load(z + (place &+ image.channels)))
        let gradient = Self.passed(Vector.load(g + place), b.addingProduct(value, a), floor)
        let gradient2 = Self.passed(Vector.load(g + (place &+ image.channels)), b.addingProduct(value2, a), floor)
        first += gradient
        second.addProduct(gradient, value - mean)
        first2 += gradient2
        second2.addProduct(gradient2, value2 - mean)
      }
      for pixel in 2 &* pairs..<image.pixels {
        let place = channel &+ pixel &* image.channels
        chost_prefetch(z + (place &+ Self.ahead))
        chost_prefetch(g + (place &+ Self.ahead))
        let value = Vector.load(z + place)
        let gradient = Self.passed(Vector.load(g + place), b.addingProduct(value, a), floor)
        first += gradient
        second.addProduct(gradient, value - mean)
      }
      addSums(channel, first + first2, second + second2)
    }
  }

  /// Adds an image z whose rectified output, a shortcut added, is y: g, and where it is given `returning`, is ∂loss/∂y, and
  /// g becomes what of it passes the rectifier.
  public func addGradient(
    _ z: UnsafePointer<Float>, _ g: Numbers, returning: UnsafePointer<Float>?, y: UnsafePointer<Float>
  ) {
    forEachVector {
      addGradient($0, z, g, returning, y, WholeVector())
    } part: {
      addGradient($0, z, g, returning, y, PartOfVector(count: $1))
    }
  }

  /// Some channels of it.
  @inline(__always)
  private func addGradient(
    _ channel: Int, _ z: UnsafePointer<Float>, _ g: Numbers, _ returning: UnsafePointer<Float>?,
    _ y: UnsafePointer<Float>, _ lanes: some VectorStore
  ) {
    let mean = Vector.load(mean.pointer + channel)
    var (first, second) = (Vector(), Vector())
    for pixel in 0..<image.pixels {
      let place = channel &+ pixel &* image.channels
      chost_prefetch(z + (place &+ Self.ahead))
      chost_prefetch(g + (place &+ Self.ahead))
      chost_prefetch(y + (place &+ Self.ahead))
      var gradient = Vector.load(g + place)
      if let returning {
        chost_prefetch(returning + (place &+ Self.ahead))
        gradient += Vector.load(returning + place)
      }
      gradient.replace(with: 0, where: Vector.load(y + place) .== 0)
      lanes.store(gradient, g + place)
      first += gradient
      second.addProduct(gradient, Vector.load(z + place) - mean)
    }
    addSums(channel, first, second)
  }

  /// What of a gradient passes a rectifier with input y: found from y again, that its output need not be read.
  @inline(__always)
  private static func passed(_ gradient: Vector, _ y: Vector, _ floor: Vector) -> Vector {
    gradient.replacing(with: 0, where: y .<= floor)
  }

  /// Stores ∂loss/∂γ and ∂loss/∂β, (channels) each, of all `rows` images, and prepares `inputGradient`.
  public func finishGradient(rows: Int, gammaGradient: Numbers, betaGradient: Numbers) {
    let count = Double(rows * image.pixels)
    for channel in 0..<image.channels {
      let (sum, product) = (sums.pointer[channel], sums.pointer[image.channels + channel])
      let inverse = Double(inverseDeviation.pointer[channel])
      betaGradient[channel] = Float(sum)
      gammaGradient[channel] = Float(product * inverse)
      // ∂loss/∂z = a (g − Σg/n − (z − μ) Σ g (z − μ) / (n (σ² + ε)))
      let a = Double(scale.pointer[channel])
      let slope = -a * product * inverse * inverse / count
      self.slope.pointer[channel] = Float(slope)
      offset.pointer[channel] = Float(-a * sum / count - slope * Double(mean.pointer[channel]))
    }
  }

  /// target ← ∂loss/∂z of an image z with g = ∂loss/∂y; `rectified` as it was for `normalize`.
  public func inputGradient(_ z: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ target: Numbers, rectified: Bool) {
    forEachVector {
      inputGradient($0, z, g, target, rectified, WholeVector())
    } part: {
      inputGradient($0, z, g, target, rectified, PartOfVector(count: $1))
    }
  }

  /// Some channels of it.
  @inline(__always)
  private func inputGradient(
    _ channel: Int, _ z: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ target: Numbers, _ rectified: Bool,
    _ lanes: some VectorStore
  ) {
    let floor = Vector(repeating: rectified ? 0 : -.infinity)
    let (offset, slope) = (Vector.load(offset.pointer + channel), Vector.load(slope.pointer + channel))
    let (a, b) = (Vector.load(scale.pointer + channel), Vector.load(shift.pointer + channel))
    for pixel in 0..<image.pixels {
      let place = channel &+ pixel &* image.channels
      chost_prefetch(z + (place &+ Self.ahead))
      chost_prefetch(g + (place &+ Self.ahead))
      let z = Vector.load(z + place)
      let gradient = Self.passed(Vector.load(g + place), b.addingProduct(z, a), floor)
      lanes.store(offset.addingProduct(slope, z).addingProduct(a, gradient), target + place)
    }
  }
}

/// How much of a vector goes to memory: a type of its own for each, that loops of whole vectors have no parts of vectors in
/// them, for which the optimizer would take the others apart too.
private protocol VectorStore {
  func store(_ vector: SIMD16<Float>, _ address: UnsafeMutablePointer<Float>)
}

private struct WholeVector: VectorStore {
  @inline(__always)
  func store(_ vector: SIMD16<Float>, _ address: UnsafeMutablePointer<Float>) { vector.store(address) }
}

private struct PartOfVector: VectorStore {
  let count: Int

  @inline(__always)
  func store(_ vector: SIMD16<Float>, _ address: UnsafeMutablePointer<Float>) { vector.store(address, count: count) }
}
