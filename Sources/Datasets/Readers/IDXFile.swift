/// A file in the IDX format of MNIST (LeCun, Cortes, Burges), of unsigned bytes: a header with the dimensions, then
/// the elements, last dimension fastest.
///
/// Opening it reads the header and refuses one that promises more than the file can hold.
struct IDXFile {
  let content: CompressedFile
  /// The number of items, then the dimensions of an item.
  let dimensions: [Int]

  var count: Int { dimensions[0] }
  var itemSize: Int { dimensions.dropFirst().reduce(1, *) }

  private static let unsignedByte: UInt32 = 0x08

  /// - Parameter ranks: how many dimensions there may be.
  init(path: String, ranks: ClosedRange<Int>) throws {
    content = try CompressedFile(path: path)
    let magic = try content.readBigEndianWord()
    guard magic >> 16 == 0 else {
      throw content.badData("is no IDX file: it begins with 0x\(String(magic, radix: 16)) and not with two zero bytes")
    }
    let element = magic >> 8 & 0xff
    guard element == Self.unsignedByte else {
      throw content.badData("has elements of type 0x\(String(element, radix: 16)) and not of unsigned bytes, 0x8")
    }
    let rank = Int(magic & 0xff)
    guard ranks.contains(rank) else {
      let allowed = ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound) to \(ranks.upperBound)"
      throw content.badData("has \(rank) dimensions and not \(allowed)")
    }
    var dimensions: [Int] = []
    for _ in 0..<rank { dimensions.append(Int(try content.readBigEndianWord())) }
    self.dimensions = dimensions
    try checkSize()
  }

  private func checkSize() throws {
    let shape = dimensions.map(String.init).joined(separator: " x ")
    guard dimensions.allSatisfy({ $0 > 0 }) else { throw content.badData("has an empty dimension: \(shape)") }
    guard count <= Int(Int32.max) else { throw content.badData("has \(count) items; at most \(Int32.max) are read") }
    var size = 1
    for dimension in dimensions {
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= content.largestSize - content.offset else {
        throw content.badData("promises \(shape) bytes after its header of \(content.offset), more than it can hold")
      }
      size = product
    }
  }
}

extension CompressedFile {
  fileprivate func readBigEndianWord() throws -> UInt32 {
    var word: UInt32 = 0
    try withUnsafeMutableBytes(of: &word) { try read(into: $0) }
    return UInt32(bigEndian: word)
  }
}
