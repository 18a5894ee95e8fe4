import Datasets
import Failures
import Testing

/// Twelve images of three classes under MNIST's training names, in a folder of their own.
struct SmallDataset {
  static let imagesName = "train-images-idx3-ubyte"
  static let labelsName = "train-labels-idx1-ubyte"
  static let labels: [UInt8] = [2, 0, 1, 1, 0, 2, 0, 1, 2, 2, 1, 0]
  static let pixels = (0..<12 * 5 * 4).map { UInt8(truncatingIfNeeded: $0 * 37) }
  static let imageFile = idx([12, 5, 4], pixels)
  static let labelFile = idx([12], labels)

  let folder: TemporaryFolder

  /// Writes the files; what is given replaces them.
  init(
    images: [UInt8] = imageFile, labels: [UInt8] = labelFile, imagesName: String = imagesName,
    labelsName: String = labelsName
  ) throws {
    folder = try TemporaryFolder()
    try folder.write(images, to: imagesName)
    try folder.write(labels, to: labelsName)
  }

  func open(classCount: Int? = nil) throws -> any DatasetReader {
    try DatasetSpecification(parsing: "idx:\(folder.path)").open(.training, seed: 1, classCount: classCount)
  }

  /// Opens and reads all of it.
  func readAll() throws -> [UInt8] {
    var reader = try open()
    return try reader.readAll()
  }

  /// The failure that reading all of it ends with, which names the path of the file called `name`.
  func failure(naming name: String, _ code: ExitCode, sourceLocation: SourceLocation = #_sourceLocation) throws
    -> Failure
  {
    let failure = try #require(throws: Failure.self, sourceLocation: sourceLocation) { try readAll() }
    #expect(failure.code == code, "\(failure)", sourceLocation: sourceLocation)
    #expect(failure.message.contains("\(folder.path)/\(name)"), "\(failure)", sourceLocation: sourceLocation)
    return failure
  }
}

/// An IDX file of unsigned bytes.
func idx(_ dimensions: [UInt32], _ elements: [UInt8], type: UInt8 = 8) -> [UInt8] {
  [0, 0, type, UInt8(dimensions.count)] + dimensions.flatMap { withUnsafeBytes(of: $0.bigEndian) { [UInt8]($0) } }
    + elements
}

extension DatasetReader {
  /// The bytes of all samples, read in blocks of `block`.
  mutating func readAll(block: Int = 5) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: sampleCount * format.bytesPerSample)
    for first in stride(from: 0, to: sampleCount, by: block) {
      try bytes.withUnsafeMutableBytes {
        try read(min(block, sampleCount - first), into: .init(rebasing: $0[(first * format.bytesPerSample)...]))
      }
    }
    return bytes
  }

  /// All samples, decoded.
  mutating func readShard() throws -> Shard {
    let bytes = try readAll(block: 1000)
    let shard = Shard(capacity: sampleCount, format: format)
    bytes.withUnsafeBytes { bytes in
      for (index, label) in labels.enumerated() {
        shard.append(bytes.baseAddress! + index * format.bytesPerSample, label: label)
      }
    }
    return shard
  }
}
