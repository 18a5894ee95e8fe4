import CZlib
import Failures

/// One rank's part of a checkpoint: a header of 48 bytes, little-endian, and the rank's state.
///
/// | bytes | what |
/// |---|---|
/// | 0–7 | "prsgdckp" |
/// | 8–11 | version of the format |
/// | 12–15, 16–19 | the rank, and how many there are |
/// | 20–23 | CRC-32 of the state |
/// | 24–31 | hash of the state's layout |
/// | 32–39 | bytes of the state |
/// | 40–43 | zeros |
/// | 44–47 | CRC-32 of the bytes before |
public struct CheckpointPart: Equatable, Sendable {
  static let magic = Array("prsgdckp".utf8)
  static let version: UInt32 = 1
  static let headerBytes = 48

  public let rank: Int
  public let ranks: Int
  /// Of the state, by `StateVisitor`.
  public let layout: UInt64
  public let state: [UInt8]

  public init(rank: Int, ranks: Int, layout: UInt64, state: [UInt8]) {
    (self.rank, self.ranks, self.layout, self.state) = (rank, ranks, layout, state)
  }

  /// What a manifest says of a part.
  public struct Digest: Codable, Equatable, Sendable {
    public var bytes: Int
    public var crc32: UInt32

    public init(bytes: Int, crc32: UInt32) { (self.bytes, self.crc32) = (bytes, crc32) }
  }

  public var digest: Digest { Digest(bytes: state.count, crc32: checksum(state[...])) }

  /// Writes the part, and returns when it is on disk.
  /// - Throws: `Failure(.inputOutput)` with the path.
  public func write(to path: String) throws -> Digest {
    let digest = digest
    try OutputFile.replace(path) { file in
      try header(digest).withUnsafeBytes { try file.write($0) }
      try state.withUnsafeBytes { try file.write($0) }
    }
    return digest
  }

  private func header(_ digest: Digest) -> [UInt8] {
    var bytes = Self.magic
    for word in [Self.version, UInt32(rank), UInt32(ranks), digest.crc32] { bytes.append(littleEndian: word) }
    bytes.append(littleEndian: layout)
    bytes.append(littleEndian: UInt64(state.count))
    bytes.append(littleEndian: UInt32(0))
    bytes.append(littleEndian: checksum(bytes[...]))
    return bytes
  }

  /// Reads a part, and holds it to what its header and the manifest say.
  /// - Throws: `Failure(.inputOutput)` where it cannot be read, `Failure(.badData)` with what was expected and found.
  public init(reading path: String, rank: Int, ranks: Int, expecting digest: Digest) throws {
    let bytes = try WholeFile.read(path)
    let expect = { (what: String, found: String, expected: String) throws in
      guard found == expected else {
        throw Failure(.badData, "\(path): damaged or no part of this run: \(what) is \(found), expected \(expected)")
      }
    }
    guard bytes.count >= Self.headerBytes else {
      throw Failure(
        .badData, "\(path): is cut short: \(bytes.count) bytes, where its header alone has \(Self.headerBytes)")
    }
    let word = { (offset: Int) in bytes.littleEndian(at: offset, as: UInt32.self) }
    let (magic, own) = (String(decoding: bytes[..<8], as: UTF8.self), String(decoding: Self.magic, as: UTF8.self))
    try expect("its first word", "\"\(magic)\"", "\"\(own)\"")
    try expect("the version of its format", "\(word(8))", "\(Self.version)")
    try expect("the checksum of its header", word(44).hex, checksum(bytes[..<44]).hex)
    try expect("its rank", "\(word(12))", "\(rank)")
    try expect("the number of ranks", "\(word(16))", "\(ranks)")
    let state = bytes[Self.headerBytes...]
    try expect("the size of its state", "\(state.count)", "\(bytes.littleEndian(at: 32, as: UInt64.self))")
    try expect("the size of its state", "\(state.count)", "\(digest.bytes)")
    let sum = checksum(state)
    try expect("the checksum of its state", sum.hex, word(20).hex)
    try expect("the checksum of its state", sum.hex, digest.crc32.hex)
    self.init(
      rank: rank, ranks: ranks, layout: bytes.littleEndian(at: 24, as: UInt64.self), state: Array(state))
  }
}

/// CRC-32 as zlib has it.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  bytes.withUnsafeBytes { UInt32(crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count)) }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate func littleEndian<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type) -> Value {
    withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
  }
}

extension UInt32 {
  fileprivate var hex: String { "0x" + String(self, radix: 16) }
}
