import Datasets
import Failures
import Testing

/// A folder with CIFAR's binary files, written byte by byte.
private struct CIFARFolder {
  static let pixelBytes = 3072
  let folder = try! TemporaryFolder()

  /// A file of one record for each of `labels`, which are its label bytes; pixels differ from record to record.
  static func file(_ labels: [[UInt8]], first: Int = 0) -> [UInt8] {
    labels.enumerated().flatMap { $1 + pixels(first + $0) }
  }

  static func pixels(_ record: Int) -> [UInt8] {
    (0..<pixelBytes).map { UInt8(truncatingIfNeeded: $0 / 7 + 89 * record + $0 * $0 % 11) }
  }

  /// CIFAR-10 with three samples in each training file, whose labels are the numbers from 0 on, and two to test with.
  static func ten() throws -> CIFARFolder {
    let folder = CIFARFolder()
    for number in 0..<5 { try folder.write(tenFile(number), to: "data_batch_\(number + 1).bin") }
    try folder.write(file([[9], [4]], first: 100), to: "test_batch.bin")
    return folder
  }

  static func tenFile(_ number: Int) -> [UInt8] {
    file((0..<3).map { [UInt8((3 * number + $0) % 10)] }, first: 3 * number)
  }

  func write(_ bytes: [UInt8], to name: String) throws { try folder.write(bytes, to: name) }

  func open(_ part: DatasetPart = .training) throws -> any DatasetReader {
    try DatasetSpecification(parsing: "cifar10:\(folder.path)").open(part, seed: 1)
  }

  /// Why the training part is refused, as it is opened; that names the file.
  func refusal(of name: String) throws -> String {
    let failure = try #require(throws: Failure.self) { try open() }
    #expect(failure.code == .badData && failure.message.hasPrefix("\(folder.path)/\(name): "), "\(failure)")
    return failure.message
  }
}

struct CIFARReaderTests {
  @Test(arguments: [1, 2, 3, 4, 15, 100])
  func whatWasWrittenIsReadFileAfterFile(block: Int) throws {
    let folder = try CIFARFolder.ten()
    var training = try folder.open()
    #expect(training.name == "cifar10")
    #expect(training.format == SampleFormat(channels: 3, height: 32, width: 32, classCount: 10, encoding: .byte))
    #expect(training.labels == (0..<15).map { $0 % 10 })
    #expect(try training.readAll(block: block) == (0..<15).flatMap(CIFARFolder.pixels))
    var test = try folder.open(.test)
    #expect(test.labels == [9, 4])
    #expect(try test.readAll(block: block) == (100..<102).flatMap(CIFARFolder.pixels))
  }

  @Test func gzippedFilesAreReadToo() throws {
    let folder = CIFARFolder()
    for number in 0..<5 {
      let isGzipped = number % 2 == 0
      try folder.write(
        isGzipped ? gzipped(CIFARFolder.tenFile(number)) : CIFARFolder.tenFile(number),
        to: "data_batch_\(number + 1).bin" + (isGzipped ? ".gz" : ""))
    }
    var reader = try folder.open()
    #expect(try reader.readAll() == (0..<15).flatMap(CIFARFolder.pixels))
  }

  @Test(
    arguments: [
      ("", 100, [99, 0, 42]), (",labels=fine", 100, [99, 0, 42]), (",labels=coarse", 20, [19, 7, 0]),
    ] as [(String, Int, [Int32])])
  func eitherLabelOfCIFAR100IsTheClass(option: String, classes: Int, labels: [Int32]) throws {
    let folder = CIFARFolder()
    try folder.write(CIFARFolder.file([[19, 99], [7, 0], [0, 42]]), to: "train.bin")
    try folder.write(CIFARFolder.file([[1, 2]], first: 9), to: "test.bin")
    let specification = try DatasetSpecification(parsing: "cifar100:\(folder.folder.path)\(option)")
    var training = try specification.open(.training, seed: 1)
    #expect(training.name == "cifar100")
    #expect(training.format.classCount == classes)
    #expect(training.labels == labels)
    #expect(try training.readAll() == (0..<3).flatMap(CIFARFolder.pixels))
    var test = try specification.open(.test, seed: 1, classCount: classes)
    #expect(test.labels == (classes == 20 ? [1] : [2]))
    #expect(try test.readAll() == CIFARFolder.pixels(9))
  }

  @Test(arguments: [1, 2, 3072, 3073 + 1, 2 * 3073 + 3072])
  func aFileThatEndsInARecordIsBadData(length: Int) throws {
    let folder = try CIFARFolder.ten()
    try folder.write(Array(CIFARFolder.tenFile(2).prefix(length)), to: "data_batch_3.bin")
    let refusal = try folder.refusal(of: "data_batch_3.bin")
    #expect(refusal.hasSuffix("record \(length / 3073) ends after \(length % 3073) of its 3073 bytes"), "\(refusal)")
  }

  @Test func anEmptyFileIsBadData() throws {
    let folder = try CIFARFolder.ten()
    try folder.write([], to: "data_batch_4.bin")
    #expect(try folder.refusal(of: "data_batch_4.bin").hasSuffix("has no records"))
  }

  @Test func bytesAfterTheLastRecordAreBadData() throws {
    let folder = try CIFARFolder.ten()
    try folder.write(CIFARFolder.tenFile(4) + [0], to: "data_batch_5.bin")
    #expect(try folder.refusal(of: "data_batch_5.bin").contains("record 3 ends after 1 of"))
  }

  @Test func aLabelThatIsNoClassIsBadData() throws {
    let folder = try CIFARFolder.ten()
    try folder.write(CIFARFolder.file([[3], [10]]), to: "data_batch_2.bin")
    #expect(try folder.refusal(of: "data_batch_2.bin").contains("label 10 of record 1 is not one of the 10 classes"))
  }

  @Test func aLabelOfTheOtherKindIsNotLookedAt() throws {
    let folder = CIFARFolder()
    try folder.write(CIFARFolder.file([[20, 3]]), to: "train.bin")
    let fine = try DatasetSpecification(parsing: "cifar100:\(folder.folder.path)").open(.training, seed: 1)
    #expect(fine.labels == [3])
    let coarse = try DatasetSpecification(parsing: "cifar100:\(folder.folder.path),labels=coarse")
    #expect(throws: Failure.self) { try coarse.open(.training, seed: 1) }
  }

  @Test func whatFollowsTheGzippedDataIsRefused() throws {
    let folder = try CIFARFolder.ten()
    try folder.write(gzipped(CIFARFolder.tenFile(0)) + [0], to: "data_batch_1.bin")
    #expect(try folder.refusal(of: "data_batch_1.bin").contains("is followed by something else"))
  }

  @Test func aGzippedFileThatIsDamagedIsBadData() throws {
    let whole = try gzipped(CIFARFolder.tenFile(0))
    var wrongChecksum = whole
    wrongChecksum[whole.count - 8] ^= 1
    for bytes in [wrongChecksum, Array(whole.dropLast(9)), Array(whole.prefix(whole.count / 2))] {
      let folder = try CIFARFolder.ten()
      try folder.write(bytes, to: "data_batch_1.bin")
      let failure = try #require(throws: Failure.self) { try folder.open() }
      #expect(failure.code == .badData && failure.message.contains("data_batch_1.bin"), "\(failure)")
    }
  }

  @Test(arguments: ["data_batch_1.bin", "data_batch_5.bin"])
  func aMissingFileIsAnInputErrorThatSaysWhereToGetIt(name: String) throws {
    let folder = CIFARFolder()
    for number in 1...5 where name != "data_batch_\(number).bin" {
      try folder.write(CIFARFolder.tenFile(0), to: "data_batch_\(number).bin")
    }
    let failure = try #require(throws: Failure.self) { try folder.open() }
    #expect(failure.code == .inputOutput)
    for part in [folder.folder.path, "No such file", "\(name), \(name).gz", "cifar-10-binary.tar.gz"] {
      #expect(failure.message.contains(part), "\(failure)")
    }
  }

  @Test func aFileThatChangesBetweenItsTwoReadingsIsBadData() throws {
    let folder = try CIFARFolder.ten()
    for (bytes, what) in [
      (CIFARFolder.file([[6], [8], [8]]), "changed while it was read"),
      (CIFARFolder.file([[6], [7]]), "changed while it was read"),
      (CIFARFolder.tenFile(2) + [0], "goes on after byte 9219"),
    ] {
      try folder.write(CIFARFolder.tenFile(2), to: "data_batch_3.bin")
      var reader = try folder.open()
      try folder.write(bytes, to: "data_batch_3.bin")
      let failure = try #require(throws: Failure.self) { try reader.readAll() }
      #expect(failure.code == .badData && failure.message.contains("data_batch_3.bin: \(what)"), "\(failure)")
    }
  }
}
