import Datasets
import Failures
import Kernels
import Testing

struct IDXReaderTests {
  @Test(arguments: [false, true], [false, true])
  func whatWasWrittenIsRead(imagesGzipped: Bool, labelsGzipped: Bool) throws {
    let dataset = try SmallDataset(
      images: imagesGzipped ? gzipped(SmallDataset.imageFile) : SmallDataset.imageFile,
      labels: labelsGzipped ? gzipped(SmallDataset.labelFile) : SmallDataset.labelFile,
      imagesName: SmallDataset.imagesName + (imagesGzipped ? ".gz" : ""),
      labelsName: SmallDataset.labelsName + (labelsGzipped ? ".gz" : ""))
    let reader = try dataset.open()
    #expect(
      reader.format == SampleFormat(channels: 1, height: 5, width: 4, classCount: 3, encoding: .byte))
    #expect(reader.name == "idx")
    #expect(reader.labels == SmallDataset.labels.map(Int32.init))
    #expect(try dataset.readAll() == SmallDataset.pixels)
  }

  @Test(arguments: [1, 3, 12, 100])
  func theBlockSizeChangesNothing(block: Int) throws {
    var reader = try SmallDataset().open()
    #expect(try reader.readAll(block: block) == SmallDataset.pixels)
  }

  @Test(
    arguments: [
      ([12, 20], [1, 1, 20]), ([12, 5, 4], [1, 5, 4]), ([12, 5, 2, 2], [5, 2, 2]),
    ] as [([UInt32], [Int])])
  func imagesHaveTwoToFourDimensions(dimensions: [UInt32], shape: [Int]) throws {
    let name = "train-images-idx\(dimensions.count)-ubyte"
    let dataset = try SmallDataset(images: idx(dimensions, SmallDataset.pixels), imagesName: name)
    let format = try dataset.open().format
    #expect([format.channels, format.height, format.width] == shape)
    #expect(try dataset.readAll() == SmallDataset.pixels)
  }

  @Test func theTestPartHasNamesOfItsOwn() throws {
    let dataset = try SmallDataset()
    try dataset.folder.write(idx([1, 5, 4], [UInt8](repeating: 7, count: 20)), to: "t10k-images-idx3-ubyte")
    try dataset.folder.write(idx([1], [1]), to: "t10k-labels-idx1-ubyte")
    var reader = try DatasetSpecification(parsing: "mnist:\(dataset.folder.path)").open(.test, seed: 1, classCount: 3)
    #expect(reader.labels == [1])
    #expect(reader.format.classCount == 3)
    #expect(try reader.readAll() == [UInt8](repeating: 7, count: 20))
  }

  @Test func aLabelOutsideTheClassesIsBadData() throws {
    let dataset = try SmallDataset()
    let failure = try #require(throws: Failure.self) { try dataset.open(classCount: 2) }
    #expect(failure.code == .badData)
    #expect(failure.message.contains("\(SmallDataset.labelsName): label 2 of sample 0"))
  }

  @Test func differentNumbersOfImagesAndLabelsAreBadData() throws {
    let fewer = Array(SmallDataset.labels.dropLast())
    let failure = try SmallDataset(labels: idx([11], fewer)).failure(naming: SmallDataset.labelsName, .badData)
    #expect(failure.message.contains("12 images") && failure.message.contains("11 labels"))
  }

  @Test(
    arguments: [
      ("no IDX file", [0x89, 0x50, 0x4e, 0x47] + [UInt8](repeating: 0, count: 300)),
      ("elements of type 0xd", idx([12, 5, 4], SmallDataset.pixels, type: 0x0d)),
      ("has 1 dimensions", idx([12], SmallDataset.labels)),
      ("has 5 dimensions", idx([12, 5, 2, 2, 1], SmallDataset.pixels)),
      ("has 0 dimensions", idx([], SmallDataset.pixels)),
      ("empty dimension: 12 x 0 x 4", idx([12, 0, 4], [])),
      ("empty dimension: 0 x 5 x 4", idx([0, 5, 4], [])),
      ("items; at most", idx([0xffff_ffff, 5, 4], SmallDataset.pixels)),
      ("more than it can hold", idx([12, 0xffff_ffff, 0xffff_ffff], SmallDataset.pixels)),
      ("more than it can hold", idx([12, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], SmallDataset.pixels)),
      ("more than it can hold", idx([0x7fff_ffff, 1, 1], SmallDataset.pixels)),
      ("goes on after byte 256", SmallDataset.imageFile + [0]),
      ("goes on after byte 256", SmallDataset.imageFile + SmallDataset.imageFile),
    ] as [(String, [UInt8])])
  func wrongImagesAreBadData(what: String, file: [UInt8]) throws {
    let failure = try SmallDataset(images: file).failure(naming: SmallDataset.imagesName, .badData)
    #expect(failure.message.contains(what), "\(failure)")
  }

  @Test(
    arguments: [
      ("elements of type 0x9", idx([12], SmallDataset.labels, type: 9)),
      ("has 3 dimensions", SmallDataset.imageFile),
      ("more than it can hold", idx([13], SmallDataset.labels)),
      ("goes on after byte 20", SmallDataset.labelFile + [0]),
    ] as [(String, [UInt8])])
  func wrongLabelsAreBadData(what: String, file: [UInt8]) throws {
    let failure = try SmallDataset(labels: file).failure(naming: SmallDataset.labelsName, .badData)
    #expect(failure.message.contains(what), "\(failure)")
  }

  @Test func aPlainFileCutAnywhereIsBadData() throws {
    for length in SmallDataset.imageFile.indices {
      let dataset = try SmallDataset(images: Array(SmallDataset.imageFile[..<length]))
      _ = try dataset.failure(naming: SmallDataset.imagesName, .badData)
    }
    for length in SmallDataset.labelFile.indices {
      let dataset = try SmallDataset(labels: Array(SmallDataset.labelFile[..<length]))
      _ = try dataset.failure(naming: SmallDataset.labelsName, .badData)
    }
  }

  @Test func aGzippedFileCutAnywhereIsBadData() throws {
    let images = try gzipped(SmallDataset.imageFile)
    for length in images.indices {
      let dataset = try SmallDataset(images: Array(images[..<length]))
      _ = try dataset.failure(naming: SmallDataset.imagesName, .badData)
    }
  }

  @Test func aShortBodyInASoundGzipFileIsBadData() throws {
    let cut = try gzipped(Array(SmallDataset.imageFile[..<100]))
    let failure = try SmallDataset(images: cut).failure(naming: SmallDataset.imagesName, .badData)
    #expect(failure.message.contains("ends at byte 100"), "\(failure)")
  }

  @Test func aGzippedFileWithAWrongChecksumIsBadData() throws {
    var images = try gzipped(SmallDataset.imageFile)
    images[images.count - 8] ^= 1
    _ = try SmallDataset(images: images).failure(naming: SmallDataset.imagesName, .badData)
  }

  @Test func whatFollowsTheGzippedDataIsRefused() throws {
    for garbage in [[0], SmallDataset.imageFile] {
      let images = try gzipped(SmallDataset.imageFile) + garbage
      let failure = try SmallDataset(images: images).failure(naming: SmallDataset.imagesName, .badData)
      #expect(failure.message.contains("is followed by something else"), "\(failure)")
      let labels = try gzipped(SmallDataset.labelFile) + garbage
      _ = try SmallDataset(labels: labels).failure(naming: SmallDataset.labelsName, .badData)
    }
  }

  @Test func aHeaderThatPromisesMoreThanDeflateCanHoldIsRefusedAtOnce() throws {
    let bomb = try gzipped(idx([0x7fff_ffff, 4096, 4096], []))
    let labels = idx([0x7fff_ffff], [])
    let dataset = try SmallDataset(images: bomb, labels: gzipped(labels))
    let failure = try #require(throws: Failure.self) { try dataset.open() }
    #expect(failure.code == .badData && failure.message.contains("more than it can hold"), "\(failure)")
  }

  @Test func aHighlyCompressedFileIsRead() throws {
    let zeros = [UInt8](repeating: 0, count: 12 * 500 * 500)
    let dataset = try SmallDataset(images: gzipped(idx([12, 500, 500], zeros)))
    #expect(try dataset.readAll() == zeros)
  }

  @Test func flippedBytesNeverTrap() throws {
    var source = RandomSource(seed: 7, purpose: .benchmark)
    let originals = [SmallDataset.imageFile, try gzipped(SmallDataset.imageFile)]
    for original in originals {
      for index in 0..<min(original.count, 60) {
        var images = original
        images[index] ^= UInt8(1 + source.nextIndex(below: 255))
        do {
          _ = try SmallDataset(images: images).readAll()
        } catch let failure as Failure {
          #expect(failure.code == .badData && failure.message.contains(SmallDataset.imagesName))
        }
      }
    }
  }

  @Test func aMissingFolderIsAnInputErrorThatNamesTheFiles() throws {
    let failure = try #require(throws: Failure.self) {
      try DatasetSpecification(parsing: "mnist:/no/such: folder").open(.training, seed: 1)
    }
    #expect(failure.code == .inputOutput)
    for part in ["/no/such: folder", "No such file or directory", "train-images-idx3-ubyte,", ".gz"] {
      #expect(failure.message.contains(part), "\(failure)")
    }
  }

  @Test func aMissingFashionMNISTSaysWhichPackageHoldsIt() throws {
    let failure = try #require(throws: Failure.self) {
      try DatasetSpecification(parsing: "fashion-mnist:/no/such").open(.test, seed: 1)
    }
    #expect(failure.message.contains("dataset-fashion-mnist") && failure.message.contains("t10k-"))
  }

  @Test func aMissingFileIsAnInputError() throws {
    let dataset = try SmallDataset(imagesName: "elsewhere")
    let failure = try #require(throws: Failure.self) { try dataset.open() }
    #expect(failure.code == .inputOutput)
    #expect(failure.message.contains(dataset.folder.path) && failure.message.contains(SmallDataset.imagesName))
  }

  @Test func aFileInTheFoldersPlaceIsAnInputError() throws {
    let dataset = try SmallDataset()
    let failure = try #require(throws: Failure.self) {
      try DatasetSpecification(parsing: "idx:\(dataset.folder.path)/\(SmallDataset.imagesName)").open(.test, seed: 1)
    }
    #expect(failure.code == .inputOutput && failure.message.contains("Not a directory"), "\(failure)")
  }

  @Test func aFolderInAFilesPlaceIsAnInputError() throws {
    let dataset = try SmallDataset()
    let failure = try #require(throws: Failure.self) {
      try IDXReader(
        name: "idx", images: dataset.folder.path, labels: "\(dataset.folder.path)/\(SmallDataset.labelsName)")
    }
    #expect(failure == Failure(.inputOutput, "\(dataset.folder.path): Is a directory"))
  }

  @Test func aPathThatIsTooLongIsAnInputError() throws {
    let path = String(repeating: "long/", count: 1000)
    let failure = try #require(throws: Failure.self) {
      try DatasetSpecification(parsing: "idx:\(path)").open(.training, seed: 1)
    }
    #expect(failure.code == .inputOutput && failure.message.contains("too long"), "\(failure)")
  }
}
