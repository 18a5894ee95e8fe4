import Glibc

/// What one sample of a dataset looks like: its shape, the number of classes, and how it is stored in bytes.
///
/// Bytes are in the order of files, (channels, height, width); decoded, a sample has its channels last, as a convolution
/// reads them. A sample that is no image, of features that have nothing in common, has one pixel and a channel each.
public struct SampleFormat: Equatable, Sendable {
  /// How a feature is stored.
  public enum Encoding: Int64, Sendable {
    /// A pixel, 0...255, as one byte.
    case byte = 1
    /// A `Float32` in this machine's byte order.
    case float = 2
    /// The number of a character, 0..<classCount, as a `UInt16` in this machine's byte order: a sample is a sequence of
    /// them, and the target of each is the one that follows.
    case character = 3

    var size: Int {
      switch self {
      case .byte: MemoryLayout<UInt8>.size
      case .float: MemoryLayout<Float>.size
      case .character: MemoryLayout<UInt16>.size
      }
    }
  }

  public let channels: Int
  public let height: Int
  public let width: Int
  /// Classes of a target.
  public let classCount: Int
  /// Different labels: classes, or of sequences the groups that they belong to, such as speakers.
  public let labelCount: Int
  public let encoding: Encoding

  /// - Parameter labelCount: as many as classes unless given.
  public init(
    channels: Int, height: Int, width: Int, classCount: Int, labelCount: Int? = nil, encoding: Encoding
  ) {
    precondition(channels > 0 && height > 0 && width > 0 && classCount > 0, "a sample format has no empty dimension")
    self.channels = channels
    self.height = height
    self.width = width
    self.classCount = classCount
    self.labelCount = labelCount ?? classCount
    self.encoding = encoding
  }

  public var featureCount: Int { channels * height * width }
  public var pixelCount: Int { height * width }
  /// Whether a sample is a sequence of characters.
  public var isSequence: Bool { encoding == .character }
  /// Targets of a sample: its one label, or in a sequence the characters that follow another.
  public var targetCount: Int { isSequence ? featureCount - 1 : 1 }
  /// Whether pixels have neighbours on all sides.
  public var isImage: Bool { height > 1 && width > 1 }
  public var bytesPerSample: Int { featureCount * encoding.size }

  /// Writes the sample stored at `bytes` (channels, height, width) to `row` (height, width, channels); bytes keep their
  /// values 0...255.
  public func decode(_ bytes: UnsafeRawPointer, into row: UnsafeMutablePointer<Float>) {
    // With one channel, or one pixel, both orders are the same.
    let isInOrder = channels == 1 || pixelCount == 1
    switch encoding {
    case .byte where isInOrder:
      let stored = bytes.assumingMemoryBound(to: UInt8.self)
      for feature in 0..<featureCount { row[feature] = Float(stored[feature]) }
    case .float where isInOrder:
      memcpy(row, bytes, bytesPerSample)
    case .character:
      for feature in 0..<featureCount {
        row[feature] = Float(bytes.loadUnaligned(fromByteOffset: feature * encoding.size, as: UInt16.self))
      }
    case .byte:
      let stored = bytes.assumingMemoryBound(to: UInt8.self)
      interleave(into: row) { Float(stored[$0]) }
    case .float:
      interleave(into: row) { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Float>.stride, as: Float.self) }
    }
  }

  /// Puts channel after channel to its places in `row`; `stored` knows the features in the order of the file.
  @inline(__always)
  private func interleave(into row: UnsafeMutablePointer<Float>, _ stored: (Int) -> Float) {
    for channel in 0..<channels {
      for pixel in 0..<pixelCount { row[pixel * channels + channel] = stored(channel * pixelCount + pixel) }
    }
  }
}

extension SampleFormat {
  /// How many numbers `words` has.
  public static var wordCount: Int { 6 }

  /// This format as numbers that one rank can send to others.
  public var words: [Int64] {
    [channels, height, width, classCount, labelCount].map(Int64.init) + [encoding.rawValue]
  }

  /// The format whose `words` these are.
  public init(words: [Int64]) {
    precondition(words.count == Self.wordCount, "a sample format is \(Self.wordCount) words")
    guard let encoding = Encoding(rawValue: words[5]) else { preconditionFailure("no such encoding: \(words[5])") }
    self.init(
      channels: Int(words[0]), height: Int(words[1]), width: Int(words[2]), classCount: Int(words[3]),
      labelCount: Int(words[4]), encoding: encoding)
  }
}
