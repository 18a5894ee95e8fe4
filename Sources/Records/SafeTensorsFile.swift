import Failures
import FoundationEssentials

/// A safetensors file of 32-bit floats, as it was read.
public struct SafeTensorsFile: Sendable {
  public let path: String
  public let metadata: [String: String]
  /// By name.
  public let tensors: [String: SavedTensor]

  /// Reads the file, and holds it to the format: every byte after the header belongs to exactly one tensor.
  /// - Throws: `Failure(.inputOutput)` where it cannot be read, `Failure(.badData)` where it is damaged or has tensors of
  ///   another type.
  public init(reading path: String) throws {
    self.path = path
    let bytes = try WholeFile.read(path)
    do {
      let (header, data) = try split(bytes)
      (metadata, tensors) = try take(header, data)
    } catch let error as Damage {
      throw Failure(.badData, "\(path): \(error.description)")
    }
  }
}

/// What is wrong with a file.
private struct Damage: Error {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The header's entries by name, and the bytes after it.
private func split(_ bytes: [UInt8]) throws -> ([String: HeaderEntry], ArraySlice<UInt8>) {
  guard bytes.count >= 8 else { throw Damage("is no safetensors file: it has \(bytes.count) bytes") }
  let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  guard length <= UInt64(bytes.count - 8) else {
    throw Damage("is no safetensors file, or cut short: a header of \(length) bytes in a file of \(bytes.count)")
  }
  let data = bytes[(8 + Int(length))...]
  do {
    return (try JSONDecoder().decode([String: HeaderEntry].self, from: Data(bytes[8..<data.startIndex])), data)
  } catch {
    throw Damage("is no safetensors file: its header is not a JSON object")
  }
}

/// Metadata, and tensors by name.
private func take(
  _ header: [String: HeaderEntry], _ data: ArraySlice<UInt8>
) throws -> ([String: String], [String: SavedTensor]) {
  var metadata: [String: String] = [:]
  var tensors: [String: SavedTensor] = [:]
  var places: [(name: String, range: Range<Int>)] = []
  for (name, entry) in header.sorted(by: { $0.key < $1.key }) {
    switch entry {
    case .metadata(let values) where name == "__metadata__":
      metadata = values
    case .tensor(let layout) where name != "__metadata__":
      let range = try layout.range(of: name, in: data.count)
      places.append((name, range))
      let bytes = data.dropFirst(range.lowerBound).prefix(range.count)
      tensors[name] = SavedTensor(name: name, shape: layout.shape, numbers: floats(bytes))
    default:
      throw Damage("'\(name)' is no entry of a safetensors header")
    }
  }
  try checkThatAllIsCovered(places, count: data.count)
  return (metadata, tensors)
}

/// A value of the header's object.
private enum HeaderEntry: Decodable {
  case metadata([String: String])
  case tensor(TensorLayout)
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let layout = try? container.decode(TensorLayout.self) {
      self = .tensor(layout)
    } else if let metadata = try? container.decode([String: String].self) {
      self = .metadata(metadata)
    } else {
      self = .other
    }
  }
}

/// What the header says of a tensor.
private struct TensorLayout: Decodable {
  let dtype: String
  let shape: [Int]
  let offsets: [Int]

  enum CodingKeys: String, CodingKey {
    case dtype, shape
    case offsets = "data_offsets"
  }

  /// Where its numbers are among `count` bytes.
  func range(of name: String, in count: Int) throws -> Range<Int> {
    guard dtype == "F32" else { throw Damage("'\(name)' is of type \(dtype): only F32 is read") }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw Damage("'\(name)' has data_offsets that are no range: \(offsets)")
    }
    guard offsets[1] <= count else {
      throw Damage("'\(name)' ends at byte \(offsets[1]) of \(count): the file is cut short or damaged")
    }
    var size = 4
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { throw Damage("'\(name)' has a shape that cannot be: \(shape)") }
      size = product
    }
    guard size == offsets[1] - offsets[0] else {
      throw Damage("'\(name)' has \(offsets[1] - offsets[0]) bytes for the shape \(shape)")
    }
    return offsets[0]..<offsets[1]
  }
}

/// Every byte belongs to exactly one tensor.
private func checkThatAllIsCovered(_ places: [(name: String, range: Range<Int>)], count: Int) throws {
  let ordered = places.sorted {
    ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
  }
  var end = 0
  for (name, range) in ordered {
    if range.lowerBound < end { throw Damage("'\(name)' overlaps the tensor before it") }
    if range.lowerBound > end { throw Damage("\(range.lowerBound - end) bytes before '\(name)' belong to nothing") }
    end = range.upperBound
  }
  if end < count { throw Damage("\(count - end) bytes at its end belong to nothing") }
}

/// The 32-bit numbers that `bytes` hold, little-endian.
private func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
  bytes.withUnsafeBytes { bytes in
    (0..<bytes.count / 4).map { index in
      Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    }
  }
}
