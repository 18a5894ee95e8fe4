import Foundation
import Records
import Testing

struct SafeTensorsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file taken apart by the format's own description.
  private struct Contents {
    var headerLength: Int
    var header: [String: Any]
    var data: [UInt8]

    init(_ bytes: [UInt8]) throws {
      try #require(bytes.count >= 8)
      headerLength = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      try #require(bytes.count >= 8 + headerLength)
      // Readers ask that the header begin with a brace.
      #expect(bytes[8] == UInt8(ascii: "{"))
      header = try #require(
        try JSONSerialization.jsonObject(with: Data(bytes[8..<(8 + headerLength)])) as? [String: Any])
      data = Array(bytes[(8 + headerLength)...])
    }

    /// Shape and numbers.
    func tensor(_ name: String) throws -> ([Int], [Float]) {
      let entry = try #require(header[name] as? [String: Any])
      #expect(Set(entry.keys) == ["dtype", "shape", "data_offsets"])
      #expect(entry["dtype"] as? String == "F32")
      let (shape, offsets) = (
        try #require(entry["shape"] as? [Int]), try #require(entry["data_offsets"] as? [Int])
      )
      let bytes = data[offsets[0]..<offsets[1]]
      let numbers = stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { start in
        Float(bitPattern: bytes[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
      return (shape, numbers)
    }
  }

  @Test(arguments: [
    [], [[1]], [[10], [3, 5]], [[2, 3, 4], [], [0], [7]], [[512, 784], [512], [256, 512], [256], [10, 256], [10]],
  ])
  func tensorsCanBeReadByTheFormatsDescription(shapes: [[Int]]) throws {
    let tensors = shapes.enumerated().map { index, shape in
      let count = shape.reduce(1, *)
      return SavedTensor(name: "\(index).weight", shape: shape, numbers: (0..<count).map { Float($0) - 2.7 })
    }
    let contents = try write(tensors)
    #expect(Set(contents.header.keys) == Set(tensors.map(\.name) + ["__metadata__"]))
    #expect(contents.data.count == 4 * tensors.reduce(0) { $0 + $1.numbers.count })
    for tensor in tensors {
      let (shape, numbers) = try contents.tensor(tensor.name)
      #expect(shape == tensor.shape && numbers.elementsEqual(tensor.numbers))
    }
  }

  @Test func offsetsFollowEachOtherWithoutHoles() throws {
    let contents = try write([3, 1, 20].map { SavedTensor(name: "\($0)", shape: [$0], numbers: numbers($0)) })
    let offsets = try ["3", "1", "20"].map { name in
      try #require((contents.header[name] as? [String: Any])?["data_offsets"] as? [Int])
    }
    #expect(offsets == [[0, 12], [12, 16], [16, 96]])
  }

  /// Whatever the header's length would be without its padding.
  @Test func numbersBeginOnAMultipleOfEightBytes() throws {
    for length in 1...16 {
      let name = String(repeating: "n", count: length)
      let contents = try write([SavedTensor(name: name, shape: [2], numbers: [1, 2])])
      #expect(contents.headerLength % 8 == 0)
      #expect(try contents.tensor(name).1 == [1, 2])
    }
  }

  @Test func torchIsToldWhereTheFileIsFrom() throws {
    let metadata = try write([]).header["__metadata__"] as? [String: String]
    #expect(metadata == ["format": "pt"])
  }

  @Test func metadataIsWrittenAsItIs() throws {
    let metadata = ["model": "mlp", "path/é": "a \"b\"\\\n\u{1}", "format": "mine", "": ""]
    try SafeTensors.write([], metadata: metadata, to: folder.path("model.safetensors"))
    let written = try Contents(try folder.bytes("model.safetensors")).header["__metadata__"] as? [String: String]
    #expect(written == metadata.merging(["format": "pt"]) { $1 })
    #expect(try SafeTensors.metadata(try SafeTensors.text(metadata)) == metadata)
  }

  @Test func everyBitIsKept() throws {
    let numbers: [Float] = [-0.0, .nan, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3]
    let contents = try write([SavedTensor(name: "x", shape: [6], numbers: numbers)])
    #expect(try contents.tensor("x").1.map(\.bitPattern) == numbers.map(\.bitPattern))
  }

  @Test func aSavedModelIsReplacedOnlyByAWholeOne() throws {
    try folder.write("old", to: "model.safetensors")
    try folder.makeFullDevice("model.safetensors.partial")
    try expectFailure(naming: folder.path("model.safetensors"), "No space left on device") { _ = try write([]) }
    #expect(try folder.text("model.safetensors") == "old")
    _ = try write([SavedTensor(name: "x", shape: [1], numbers: [1])])
    #expect(try folder.names == ["model.safetensors"])
  }

  @Test func whatCannotBeWrittenIsAFailureThatNamesIt() throws {
    try expectFailure(naming: folder.path("none/model"), "No such file or directory") {
      try SafeTensors.write([], to: folder.path("none/model"))
    }
  }

  private func write(_ tensors: [SavedTensor]) throws -> Contents {
    try SafeTensors.write(tensors, to: folder.path("model.safetensors"))
    return try Contents(try folder.bytes("model.safetensors"))
  }

  private func numbers(_ count: Int) -> [Float] { (0..<count).map(Float.init) }
}
