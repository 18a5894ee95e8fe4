/// A tensor to be saved: its name and shape, and what gives its numbers in row-major order.
public struct SavedTensor {
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
  /// - Throws: `Failure` where the file cannot be written.
  public static func write(_ tensors: [SavedTensor], to path: String) throws {
    var offset = 0
    var entries = [#""__metadata__":{"format":"pt"}"#]
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
}
