import Datasets
import Failures
import Foundation
import Kernels
import Testing

/// A file in LIBSVM's format, in a folder of its own.
private struct LIBSVMFile {
  let folder: TemporaryFolder
  let path: String

  init(_ bytes: [UInt8]) throws {
    folder = try TemporaryFolder()
    try folder.write(bytes, to: "rows")
    path = "\(folder.path)/rows"
  }

  init(_ text: String) throws { try self.init(Array(text.utf8)) }

  func read(matching training: SparseRows? = nil) throws -> SparseRows {
    try LIBSVMReader.read(path, matching: training)
  }

  /// Why the file is refused; its path is taken off.
  func refusal(matching training: SparseRows? = nil) throws -> String {
    let failure = try #require(throws: Failure.self) { try read(matching: training) }
    #expect(failure.code == .badData && failure.message.hasPrefix(path), "\(failure)")
    return String(failure.message.dropFirst(path.count))
  }
}

/// Rows as a dense table would have them.
private func dense(_ rows: SparseRows) -> [[Float]] {
  (0..<rows.count).map { row in
    var features = [Float](repeating: 0, count: rows.featureCount)
    for place in rows.row(row) { features[Int(rows.indices[place])] = rows.values[place] }
    return features
  }
}

struct LIBSVMReaderTests {
  static let text = "+1 1:0.5 4:-2e-1\n-1 2:3\n1\n-1 1:.25 2:1. 4:1E2\n"

  @Test(arguments: [false, true])
  func whatWasWrittenIsRead(isGzipped: Bool) throws {
    let bytes = Array(Self.text.utf8)
    let rows = try LIBSVMFile(isGzipped ? gzipped(bytes) : bytes).read()
    #expect(rows.classValues == [-1, 1])
    #expect(rows.labels == [1, 0, 1, 0])
    #expect(rows.featureCount == 4)
    #expect(dense(rows) == [[0.5, 0, 0, -0.2], [0, 3, 0, 0], [0, 0, 0, 0], [0.25, 1, 0, 100]])
    #expect((0..<4).map { rows.row($0).count } == [2, 1, 0, 3])
  }

  @Test(arguments: [
    text.replacingOccurrences(of: "\n", with: "\r\n"), text.replacingOccurrences(of: "\n", with: " \t\n"),
    text.replacingOccurrences(of: "\n", with: "\n\n \n# a line: 0:0\n"),
    text.replacingOccurrences(of: "\n", with: " # 0:nan\n"), text.replacingOccurrences(of: "\n", with: "#\n"),
    text.replacingOccurrences(of: " ", with: "\t  "), String(text.dropLast()), "  " + text,
    text.replacingOccurrences(of: "1:", with: "001:"),
  ])
  func layoutChangesNothing(text: String) throws {
    #expect(try LIBSVMFile(text).read() == LIBSVMFile(Self.text).read())
  }

  @Test(
    arguments: [
      ("2 1:1\n10 1:1\n-3 1:1\n2 1:1", [-3, 2, 10], [1, 2, 0, 1]),
      ("1 1:1\n1.0 1:1\n1e0 1:1\n0.5 1:1", [0.5, 1], [1, 1, 1, 0]),
      ("0 1:1\n-0 1:1\n+7 1:1", [0, 7], [0, 0, 1]),
    ] as [(String, [Double], [Int32])])
  func classesAreTheLabelsInAscendingOrder(text: String, values: [Double], labels: [Int32]) throws {
    let rows = try LIBSVMFile(text).read()
    #expect(rows.classValues == values)
    #expect(rows.labels == labels)
  }

  @Test func aTestFileHasTheClassesAndFeaturesOfItsTrainingFile() throws {
    let training = try LIBSVMFile("1 1:1\n2 3:1\n5 1:1").read()
    let test = try LIBSVMFile("5 1:1 3:2 4:3 2147483647:9\n2 4:1").read(matching: training)
    #expect(test.classValues == [1, 2, 5])
    #expect(test.labels == [2, 1])
    #expect(test.featureCount == 3)
    #expect(dense(test) == [[1, 0, 2], [0, 0, 0]])
    #expect(try LIBSVMFile("2 1:1").read(matching: training).count == 1)
    let refusal = try LIBSVMFile("5 1:1\n3 1:1").refusal(matching: training)
    #expect(refusal == ":2: label '3' does not occur in the training file")
  }

  /// An index of many is read however high it is, as long as the weights are in proportion to the rows.
  @Test func aHighIndexIsRead() throws {
    let rows = try LIBSVMFile("1 30000000:1\n2 1:1").read()
    #expect(rows.featureCount == 30_000_000)
    #expect(rows.indices == [29_999_999, 0])
    let many = (1...40_000).map { "\($0 % 2) \($0):1 40000000:1\n" }.joined()
    #expect(try LIBSVMFile(many).read().featureCount == 40_000_000)
  }

  @Test(arguments: ["100000000", "2147483647"])
  func anAbsurdIndexIsRefusedWithItsLine(index: String) throws {
    let refusal = try LIBSVMFile("1 1:1\n2 1:1 \(index):1\n1 7:1\n").refusal()
    #expect(refusal.hasPrefix(":2: index \(index) is the highest") && refusal.contains(" GB"), "\(refusal)")
  }

  /// Of one line or of many, compressed to next to nothing.
  @Test func rowsThatMemoryDoesNotHoldAreRefused() throws {
    let line = "1 " + (1...400_000).map { "\($0):1 " }.joined()
    for text in [line, String(repeating: "1 1:1 2:1\n", count: 100_000), (0..<100_000).map { "\($0)\n" }.joined()] {
      let file = try LIBSVMFile(gzipped(Array(text.utf8)))
      let failure = try #require(throws: Failure.self) { try LIBSVMReader.read(file.path, memory: 1_000_000) }
      #expect(failure.code == .internal && failure.message.hasPrefix(file.path + ":"), "\(failure)")
      #expect(failure.message.contains("1.0 MB of memory"), "\(failure)")
    }
  }

  @Test func gzipMembersAreReadOneAfterAnother() throws {
    let parts = [String(Self.text.prefix(9)), String(Self.text.dropFirst(9)), ""]
    let members = try parts.flatMap { try gzipped(Array($0.utf8)) }
    #expect(try LIBSVMFile(members).read() == LIBSVMFile(Self.text).read())
  }

  @Test(arguments: ["3 1:1\n", "\0", "\u{1f}", "\u{1f}\u{8b}"])
  func whatFollowsTheGzippedDataIsRefused(garbage: String) throws {
    let refusal = try LIBSVMFile(gzipped(Array(Self.text.utf8)) + garbage.unicodeScalars.map { UInt8($0.value) })
      .refusal()
    #expect(refusal.hasPrefix(": its gzip'ed data is"), "\(refusal)")
  }

  @Test func aFileOfManyBlocksIsRead() throws {
    let text = (0..<30_000).map { "\($0 % 3) \(1 + $0 % 7):\($0) 9:\(Double($0) / 8)\n" }.joined()
    let rows = try LIBSVMFile(gzipped(Array(text.utf8))).read()
    #expect(rows.count == 30_000)
    #expect(rows.labels == (0..<30_000).map { Int32($0 % 3) })
    #expect(rows.indices == (0..<30_000).flatMap { [Int32($0 % 7), 8] })
    #expect(rows.values == (0..<30_000).flatMap { [Float($0), Float($0) / 8] })
  }

  static let corruptions: [(line: String, what: String)] = [
    ("1 0:1", "'0:1' should begin with an index in 1...2147483647"),
    ("1 -1:1", "'-1:1' should begin"), ("1 +1:1", "'+1:1' should begin"), ("1 1.0:1", "'1.0:1' should begin"),
    ("1 :1", "':1' should begin"), ("1 2147483648:1", "'2147483648:1' should begin"),
    ("1 99999999999999999999999999:1", "'99999999999999999999999999:1' should begin"),
    ("1 2:1 2:1", "index 2 follows 2"), ("1 2:1 5:1 4:1", "index 4 follows 5"),
    ("1 1:", "'1:' should end with a finite number"), ("1 1:x", "'1:x' should end"), ("1 1:1x", "'1:1x' should end"),
    ("1 1:nan", "'1:nan' should end"), ("1 1:inf", "'1:inf' should end"), ("1 1:1e999", "'1:1e999' should end"),
    ("1 1:1e39", "'1:1e39' should end"), ("1 1:0x10", "'1:0x10' should end"), ("1 1:1:1", "'1:1:1' should end"),
    ("1 1:-", "'1:-' should end"), ("1 1:e", "'1:e' should end"), ("1 1:1e", "'1:1e' should end"),
    ("1 1", "'1' should read INDEX:VALUE"), ("1 1: 1", "'1:' should end"), ("1 qid:7 1:1", "'qid:7' should begin"),
    ("1 1:1\r2 1:1", "'2' should read INDEX:VALUE"), ("1,2 1:1", "label '1,2' is no number"),
    ("1:1 2:1", "label '1:1' is no number"), ("nan 1:1", "label 'nan' is no number"),
    ("1e999 1:1", "label '1e999' is no number"), ("- 1:1", "label '-' is no number"),
    ("1\u{0} 1:1", "label '1\\0' is no number"), ("1 1:1\u{1b}[m", "'1:1\\u{1B}[m' should end"),
    ("\u{feff}1 1:1", "label '\\u{FEFF}1' is no number"),
    ("1 1:" + String(repeating: "1", count: 300), "1111…' goes on for too long"),
    (String(repeating: "1", count: 300), "1111…' goes on for too long"),
  ]

  @Test(arguments: corruptions, [1, 2, 40_000])
  func whatIsWrongIsSaidWithItsLine(corruption: (line: String, what: String), place: Int) throws {
    let before = String(repeating: "3 1:1 # fine\n", count: place - 1)
    let refusal = try LIBSVMFile(before + corruption.line + "\n4 1:1\n").refusal()
    #expect(refusal.hasPrefix(":\(place): ") && refusal.contains(corruption.what), "\(refusal)")
  }

  @Test(arguments: [
    ("", "has no samples"), ("\n\n", "has no samples"), ("# nothing", "has no samples"),
    ("3 1:1\n3 2:1", "every label is 3"), ("1\n2\n", "no sample has a feature"),
  ])
  func aFileToLearnNothingFromIsBadData(text: String, what: String) throws {
    #expect(try LIBSVMFile(text).refusal().hasPrefix(": " + what))
  }

  @Test func aGzippedFileCutAnywhereIsBadData() throws {
    let bytes = try gzipped(Array(Self.text.utf8))
    for length in bytes.indices { _ = try LIBSVMFile(Array(bytes[..<length])).refusal() }
  }

  @Test func aGzippedFileWithAWrongChecksumIsBadData() throws {
    var bytes = try gzipped(Array(Self.text.utf8))
    bytes[bytes.count - 8] ^= 1
    _ = try LIBSVMFile(bytes).refusal()
  }

  @Test func aCompressedLineWithoutEndTakesNoMemory() throws {
    for byte in [" ", "#", "\n"] {
      let bomb = [UInt8](repeating: byte.utf8.first!, count: 50_000_000)
      #expect(try LIBSVMFile(gzipped(bomb)).refusal() == ": has no samples")
    }
    let digits = [UInt8](repeating: UInt8(ascii: "0"), count: 50_000_000)
    #expect(try LIBSVMFile(gzipped(digits)).refusal().hasPrefix(":1: "))
  }

  @Test func flippedBytesNeverTrap() throws {
    var source = RandomSource(seed: 3, purpose: .benchmark)
    let text = Array(Self.text.utf8)
    for original in [text, try gzipped(text)] {
      for index in original.indices {
        for _ in 0..<8 {
          var bytes = original
          bytes[index] ^= UInt8(1 + source.nextIndex(below: 255))
          let file = try LIBSVMFile(bytes)
          do {
            let rows = try file.read()
            #expect(rows.indices.allSatisfy { $0 >= 0 && $0 < rows.featureCount })
            #expect(rows.labels.allSatisfy { $0 >= 0 && $0 < rows.classCount })
          } catch let failure as Failure {
            #expect(failure.code == .badData && failure.message.contains(file.path))
          }
        }
      }
    }
  }

  @Test func whatCannotBeOpenedIsAnInputError() throws {
    let folder = try TemporaryFolder()
    for (path, reason) in [
      ("\(folder.path)/none", "No such file or directory"), (folder.path, "Is a directory"),
      (String(repeating: "long/", count: 1000), "too long"),
    ] {
      let failure = try #require(throws: Failure.self) { try LIBSVMReader.read(path) }
      #expect(failure.code == .inputOutput && failure.message.contains(reason), "\(failure)")
    }
  }

  private static let sharedFolder = ProcessInfo.processInfo.environment["PRSGD_DATA"]

  @Test(.enabled(if: sharedFolder != nil, "PRSGD_DATA names no folder with data"))
  func a9aIsRead() throws {
    let training = try LIBSVMReader.read("\(Self.sharedFolder!)/libsvm/a9a")
    #expect(training.count == 32_561)
    #expect(training.featureCount == 123)
    #expect(training.classValues == [-1, 1])
    #expect(training.labels.count { $0 == 1 } == 7_841)
    #expect(training.values.allSatisfy { $0 == 1 })
    let test = try LIBSVMReader.read("\(Self.sharedFolder!)/libsvm/a9a.t", matching: training)
    #expect(test.count == 16_281)
    #expect(test.featureCount == 123)
    #expect(test.indices.max() == 121)
  }
}
