import Kernels

/// Random crops and flips of images while they are learned from (He, Zhang, Ren, Sun 2015, section 4.2): four pixels of
/// zeros are put around an image, a piece of its size is cut out, and half of the pieces are mirrored from left to right.
///
/// Which variant a sample becomes is a function of the seed, the worker and the sample's place among all that the worker
/// draws: the same sample is another one in each pass. Nothing is allocated.
public struct CropAndFlip: Sendable {
  /// One of the ways to crop and flip, all equally likely.
  public struct Variant: Hashable, Sendable {
    /// How far the piece begins below the image's first row, negative above it: -padding...padding.
    public let down: Int
    /// How far it begins to the right of the first column, likewise.
    public let right: Int
    public let isFlipped: Bool

    public init(down: Int, right: Int, isFlipped: Bool) {
      self.down = down
      self.right = right
      self.isFlipped = isFlipped
    }
  }

  /// Pixels of zeros on each side of an image.
  public static let padding = 4

  private let seed: UInt64
  private let worker: Int

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - worker: whose samples they are: each has variants of its own.
  public init(seed: UInt64, worker: Int) {
    self.seed = seed
    self.worker = worker
  }

  /// The variant of the sample that is drawn at `position` of the worker's sampler.
  public func variant(at position: Int) -> Variant {
    // Positions wrap at 2³².
    let position = Int(UInt32(truncatingIfNeeded: position))
    var source = RandomSource(seed: seed, purpose: .augmentation, index: worker, position: position)
    let places = 2 * Self.padding + 1
    let (piece, flip) = source.nextIndex(below: 2 * places * places).quotientAndRemainder(dividingBy: 2)
    let (row, column) = piece.quotientAndRemainder(dividingBy: places)
    return Variant(down: row - Self.padding, right: column - Self.padding, isFlipped: flip == 1)
  }
}

extension CropAndFlip.Variant {
  /// Writes this variant of `image` to `row`, both (height, width, channels).
  public func write(_ image: UnsafePointer<Float>, of format: SampleFormat, to row: UnsafeMutablePointer<Float>) {
    let lineSize = format.width * format.channels
    for line in 0..<format.height {
      let target = row + line * lineSize
      if (0..<format.height).contains(line + down) {
        writeLine(image + (line + down) * lineSize, of: format, to: target)
      } else {
        target.update(repeating: 0, count: lineSize)
      }
    }
  }

  /// Writes a line of the image, moved by `right` and perhaps mirrored.
  private func writeLine(
    _ line: UnsafePointer<Float>, of format: SampleFormat, to target: UnsafeMutablePointer<Float>
  ) {
    let (size, channels) = (format.width, format.channels)
    // The piece's columns: zeros, columns of the image, zeros.
    let first = min(max(right, 0), size)
    let end = max(min(size + right, size), first)
    let before = min(max(-right, 0), size)
    let after = size - before - (end - first)
    let (leading, trailing) = isFlipped ? (after, before) : (before, after)
    let inside = target + leading * channels
    target.update(repeating: 0, count: leading * channels)
    if isFlipped {
      Self.mirror(line + first * channels, columns: end - first, channels: channels, to: inside)
    } else {
      inside.update(from: line + first * channels, count: (end - first) * channels)
    }
    (inside + (end - first) * channels).update(repeating: 0, count: trailing * channels)
  }

  private static func mirror(
    _ source: UnsafePointer<Float>, columns: Int, channels: Int, to target: UnsafeMutablePointer<Float>
  ) {
    for column in 0..<columns {
      let from = source + (columns - 1 - column) * channels
      let to = target + column * channels
      for channel in 0..<channels { to[channel] = from[channel] }
    }
  }
}
