import Glibc

/// What one sample of a dataset looks like: its shape, the number of classes, and how it is stored in bytes.
public struct SampleFormat: Equatable, Sendable {
  /// How a feature is stored.
  public enum Encoding: Int64, Sendable {
    /// A pixel, 0...255, as one byte.
    case byte = 1
    /// A `Float32` in this machine's byte order.
    case float = 2

    var size: Int { self == .byte ? MemoryLayout<UInt8>.size : MemoryLayout<Float>.size }
  }

  public let channels: Int
  public let height: Int
  public let width: Int
  public let classCount: Int
  public let encoding: Encoding

  public init(channels: Int, height: Int, width: Int, classCount: Int, encoding: Encoding) {
    precondition(channels > 0 && height > 0 && width > 0 && classCount > 0, "a sample format has no empty dimension")
    self.channels = channels
    self.height = height
    self.width = width
    self.classCount = classCount
    self.encoding = encoding
  }

  public var featureCount: Int { channels * height * width }
  public var bytesPerSample: Int { featureCount * encoding.size }

  /// Writes the sample stored at `bytes` to `row` (channels, height, width); pixels keep their values 0...255.
  public func decode(_ bytes: UnsafeRawPointer, into row: UnsafeMutablePointer<Float>) {
    switch encoding {
    case .byte:
      let pixels = bytes.assumingMemoryBound(to: UInt8.self)
      for feature in 0..<featureCount { row[feature] = Float(pixels[feature]) }
    case .float:
      memcpy(row, bytes, bytesPerSample)
    }
  }
}

extension SampleFormat {
  /// How many numbers `words` has.
  public static var wordCount: Int { 5 }

  /// This format as numbers that one rank can send to others.
  public var words: [Int64] {
    [Int64(channels), Int64(height), Int64(width), Int64(classCount), encoding.rawValue]
  }

  /// The format whose `words` these are.
  public init(words: [Int64]) {
    precondition(words.count == Self.wordCount, "a sample format is \(Self.wordCount) words")
    guard let encoding = Encoding(rawValue: words[4]) else { preconditionFailure("no such encoding: \(words[4])") }
    self.init(
      channels: Int(words[0]), height: Int(words[1]), width: Int(words[2]), classCount: Int(words[3]),
      encoding: encoding)
  }
}
