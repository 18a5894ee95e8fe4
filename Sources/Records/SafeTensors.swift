import FoundationEssentials

/// A tensor to be saved: its name and shape, and what gives its numbers in row-major order.
public struct SavedTensor: Sendable {
  public let name: String
  public let shape: [Int]
  public let numbers: [Float]

  public init(name: String, shape: [Int], numbers: [Float]) {
    precondition(shape.reduce(1, *) == numbers.count)
    self.name = name
    self.shape = shape
    self.numbers = numbers
  }
}

/// The safetensors format: eight bytes of header length, a JSON header, the numbers in little-endian order.
public enum SafeTensors {
  /// Writes `tensors` to `path`, replacing a file that is there only once the new one is complete.
  /// - Parameter metadata: what else the header says, besides that the tensors are laid out as PyTorch's.
  /// - Throws: `Failure` where the file cannot be written.
  public static func write(_ tensors: [SavedTensor], metadata: [String: String] = [:], to path: String) throws {
    var offset = 0
    var entries = ["\"__metadata__\":\(try text(metadata.merging(["format": "pt"]) { $1 }))"]
    for tensor in tensors {
      let end = offset + 4 * tensor.numbers.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append("\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = "{" + entries.joined(separator: ",") + "}"
    // The numbers begin on a multiple of eight bytes, as the format asks of writers.
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    try OutputFile.replace(path) { file in
      try withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { try file.write($0) }
      try file.write(header)
      for tensor in tensors { try tensor.numbers.withUnsafeBytes { try file.write($0) } }
    }
  }

  /// Metadata as JSON, a function of them alone.
  public static func text(_ metadata: [String: String]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(metadata), as: UTF8.self)
  }

  /// The metadata whose `text` this is.
  public static func metadata(_ text: String) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
  }
}
