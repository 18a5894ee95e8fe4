import Failures
import Kernels

/// A pair of IDX files: images of unsigned bytes, and their labels.
///
/// Images have dimensions (count, height, width), (count, channels, height, width) or (count, features).
public final class IDXReader: DatasetReader {
  public let name: String
  public let format: SampleFormat
  public let labels: [Int32]
  public var sampleCount: Int { labels.count }

  private let images: IDXFile
  private var samplesRead = 0

  /// Opens both files and reads the labels.
  ///
  /// - Parameter classCount: how many classes there are; without it, one more than the highest label.
  /// - Throws: `Failure(.inputOutput)` for a file that cannot be read, `Failure(.badData)` for one that is damaged,
  ///   for a different number of images and labels, and for a label outside the classes.
  public init(name: String, images imagesPath: String, labels labelsPath: String, classCount: Int? = nil) throws {
    let labelFile = try IDXFile(path: labelsPath, ranks: 1...1)
    images = try IDXFile(path: imagesPath, ranks: 2...4)
    guard images.count == labelFile.count else {
      throw Failure(
        .badData, "\(imagesPath) has \(images.count) images but \(labelsPath) has \(labelFile.count) labels")
    }
    // With who each sample goes to.
    try ReadMemory(available: AvailableMemory.bytes).require(
      labelFile.count * 3 * MemoryLayout<Int32>.stride, at: labelsPath)
    labels = try Self.readLabels(labelFile, classCount: classCount)
    let ones = Array(repeating: 1, count: 4 - images.dimensions.count)
    let shape = ones + images.dimensions.dropFirst()
    format = SampleFormat(
      channels: shape[0], height: shape[1], width: shape[2],
      classCount: classCount ?? Int(labels.max()!) + 1, encoding: .byte)
    guard format.classCount > 1 else {
      throw Failure(.badData, "\(labelsPath): every label is 0, and there must be at least two classes")
    }
    self.name = name
  }

  public func read(_ count: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    precondition(count >= 0 && samplesRead + count <= sampleCount, "a dataset is read once, front to back")
    try images.content.read(into: .init(rebasing: bytes[..<(count * format.bytesPerSample)]))
    samplesRead += count
    if samplesRead == sampleCount { try images.content.expectEnd() }
  }

  /// The labels grow block by block, so that memory follows what a file holds and not what its header claims.
  private static func readLabels(_ file: IDXFile, classCount: Int?) throws -> [Int32] {
    var labels: [Int32] = []
    var block = [UInt8](repeating: 0, count: min(file.count, 1 << 16))
    while labels.count < file.count {
      let count = min(block.count, file.count - labels.count)
      try block.withUnsafeMutableBytes { try file.content.read(into: .init(rebasing: $0[..<count])) }
      if let classCount, let wrong = block[..<count].firstIndex(where: { $0 >= classCount }) {
        throw file.content.badData(
          "label \(block[wrong]) of sample \(labels.count + wrong) is not one of the \(classCount) classes from 0 up")
      }
      labels.append(contentsOf: block[..<count].lazy.map(Int32.init))
    }
    try file.content.expectEnd()
    return labels
  }
}
