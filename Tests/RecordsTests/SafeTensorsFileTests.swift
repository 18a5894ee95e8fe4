import Failures
import Records
import Testing

struct SafeTensorsFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: String { folder.path("model.safetensors") }

  /// A file of this header and `count` bytes after it.
  private func write(_ header: String, bytes count: Int = 0, headerLength: UInt64? = nil) throws {
    let length = headerLength ?? UInt64(header.utf8.count)
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    try folder.write(bytes: bytes + Array(header.utf8) + (0..<count).map { UInt8($0 % 251) }, to: "model.safetensors")
  }

  private func expectBadData(_ words: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let failure = try #require(throws: Failure.self, sourceLocation: sourceLocation) {
      _ = try SafeTensorsFile(reading: path)
    }
    #expect(failure.code == .badData, sourceLocation: sourceLocation)
    for word in [path + ": "] + words {
      #expect(failure.message.contains(word), "\(failure)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [[], [[1]], [[10], [3, 5]], [[2, 3, 4], [], [0], [7]], [[0], [0, 3], [2]]])
  func whatIsWrittenIsRead(shapes: [[Int]]) throws {
    let tensors = shapes.enumerated().map { index, shape in
      let numbers = (0..<shape.reduce(1, *)).map { Float($0) / 3 - Float(index) }
      return SavedTensor(name: "\(index).weight", shape: shape, numbers: numbers)
    }
    try SafeTensors.write(tensors, metadata: ["model": "mlp \"ü\""], to: path)
    let file = try SafeTensorsFile(reading: path)
    #expect(file.metadata == ["format": "pt", "model": "mlp \"ü\""])
    #expect(Set(file.tensors.keys) == Set(tensors.map(\.name)))
    for tensor in tensors {
      let read = try #require(file.tensors[tensor.name])
      #expect(read.name == tensor.name && read.shape == tensor.shape)
      #expect(read.numbers.map(\.bitPattern) == tensor.numbers.map(\.bitPattern))
    }
  }

  @Test func everyBitIsRead() throws {
    let numbers: [Float] = [-0.0, .nan, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3]
    try SafeTensors.write([SavedTensor(name: "x", shape: [6], numbers: numbers)], to: path)
    #expect(try SafeTensorsFile(reading: path).tensors["x"]?.numbers.map(\.bitPattern) == numbers.map(\.bitPattern))
  }

  /// As other programs write them: no metadata, tensors in any order, data on no multiple of anything.
  @Test func anyOrderAndAnyPaddingIsRead() throws {
    try write(
      #"{ "b": {"data_offsets": [4, 12], "shape": [1, 2], "dtype": "F32"},"#
        + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   "#, bytes: 12)
    let file = try SafeTensorsFile(reading: path)
    #expect(file.metadata.isEmpty)
    #expect(file.tensors["a"]?.numbers.map(\.bitPattern) == [0x0302_0100])
    #expect(file.tensors["b"]?.numbers.map(\.bitPattern) == [0x0706_0504, 0x0B0A_0908])
    #expect(file.tensors["b"]?.shape == [1, 2])
  }

  /// Cut anywhere, a file is refused.
  @Test func noPrefixOfAFileIsOne() throws {
    try SafeTensors.write([SavedTensor(name: "x", shape: [3], numbers: [1, 2, 3])], to: path)
    let whole = try folder.bytes("model.safetensors")
    for count in 0..<whole.count {
      try folder.write(bytes: Array(whole[..<count]), to: "model.safetensors")
      try expectBadData(["safetensors"].filter { _ in count < whole.count - 12 })
    }
    try folder.write(bytes: whole + [0], to: "model.safetensors")
    try expectBadData(["1 bytes at its end belong to nothing"])
  }

  @Test(
    arguments: [
      ("", "header is not a JSON object"), ("{", "header is not a JSON object"), ("[]", "header is not a JSON object"),
      (#"{"x":3}"#, "'x' is no entry"), (#"{"x":{"dtype":"F32"}}"#, "'x' is no entry"),
      (#"{"x":{"model":"mlp"}}"#, "'x' is no entry"), (#"{"__metadata__":{"a":1}}"#, "'__metadata__' is no entry"),
      (#"{"x":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}"#, "'x' is of type F16"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "'x' has data_offsets that are no range: [8, 0]"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, "no range"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8]}}"#, "no range"),
      (#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "'x' ends at byte 12 of 8"),
      (#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "'x' has 8 bytes for the shape [3]"),
      (#"{"x":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#, "'x' has a shape that cannot be: [-1, -2]"),
      (
        #"{"x":{"dtype":"F32","shape":[4611686018427387904,4,2],"data_offsets":[0,8]}}"#, "a shape that cannot be"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        "'y' overlaps"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        "'y' overlaps"
      ),
      (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "4 bytes before 'x' belong to nothing"),
      (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "4 bytes at its end belong to nothing"),
    ] as [(String, String)])
  func aBrokenHeaderIsRefusedWithItsReason(header: String, reason: String) throws {
    try write(header, bytes: 8)
    try expectBadData([reason])
  }

  @Test(arguments: [3, 11, 1 << 40, .max] as [UInt64])
  func aHeaderLengthThatCannotBeIsRefused(length: UInt64) throws {
    try write("{}", bytes: 8, headerLength: length)
    try expectBadData(["safetensors"])
  }

  @Test func whatCannotBeReadIsAFailureThatNamesIt() throws {
    for (name, reason) in [("none", "No such file or directory"), ("", "Is a directory")] {
      try expectFailure(naming: folder.path(name), reason) { _ = try SafeTensorsFile(reading: folder.path(name)) }
    }
  }
}
