import Datasets
import Failures
import Foundation
import Kernels
import Testing

/// A file `table` in a folder of its own, and what is read of it.
private struct CSVFile {
  let folder: TemporaryFolder
  let path: String

  init(_ bytes: [UInt8]) throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/table"
    try folder.write(bytes, to: "table")
  }

  init(_ text: String) throws { try self.init(Array(text.utf8)) }

  func open(_ options: String = "holdout=0", _ part: DatasetPart = .training, seed: UInt64 = 1) throws
    -> any DatasetReader
  {
    try DatasetSpecification(parsing: "csv:\(path),\(options)").open(part, seed: seed)
  }

  /// Why the file, or another one in its folder, is refused; its path is taken off.
  func refusal(
    _ options: String = "holdout=0", _ part: DatasetPart = .training, of name: String = "table",
    code: ExitCode = .badData
  ) throws -> String {
    let failure = try #require(throws: Failure.self) { try open(options, part) }
    #expect(failure.code == code && failure.message.hasPrefix("\(folder.path)/\(name):"), "\(failure)")
    return String(failure.message.dropFirst("\(folder.path)/\(name)".count))
  }
}

/// A sample as numbers.
private struct Row: Hashable {
  let features: [Float]
  let label: Int32
}

extension DatasetReader {
  fileprivate mutating func readRows(block: Int = 3) throws -> [Row] {
    let numbers = try readAll(block: block).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    return labels.enumerated().map { index, label in
      Row(features: Array(numbers[(index * format.featureCount)...].prefix(format.featureCount)), label: label)
    }
  }
}

struct CSVReaderTests {
  static let text = "1,2.5,a\n-3e-2,.5,b\n+7,0,a\n"
  fileprivate static let rows = [
    Row(features: [1, 2.5], label: 0), Row(features: [-0.03, 0.5], label: 1), Row(features: [7, 0], label: 0),
  ]

  @Test(arguments: [false, true])
  func whatWasWrittenIsRead(isGzipped: Bool) throws {
    let bytes = Array(Self.text.utf8)
    var reader = try CSVFile(isGzipped ? gzipped(bytes) : bytes).open()
    #expect(reader.name == "csv")
    #expect(reader.format == SampleFormat(channels: 2, height: 1, width: 1, classCount: 2, encoding: .float))
    #expect(try reader.readRows() == Self.rows)
  }

  @Test(arguments: [
    text.replacingOccurrences(of: ",", with: ";"), text.replacingOccurrences(of: ",", with: "\t"),
    text.replacingOccurrences(of: "\n", with: "\r\n"), text + "\n\n", text + "\r\n  \r\n\n", String(text.dropLast()),
    text.replacingOccurrences(of: ",", with: " ,  "), "  " + text, "\u{FEFF}" + text, "x,y,label\n" + text,
    "x,1,label\n" + text, ",y,label\n" + text, "\"x, or so\",\"the \"\"y\"\"\",\"label\"\n" + text,
    "\"x;\";y;label\n" + text.replacingOccurrences(of: ",", with: ";"),
    "x, in m;y;label\n" + text.replacingOccurrences(of: ",", with: ";"),
    "x;y\tz\tlabel\n" + text.replacingOccurrences(of: ",", with: "\t"),
    text.replacingOccurrences(of: "a", with: "\"a\""), text.replacingOccurrences(of: "2.5", with: " \"2.5\" "),
    "\u{FEFF}\"x\",y,label\r\n" + text,
  ])
  func layoutChangesNothing(text: String) throws {
    var reader = try CSVFile(text).open()
    #expect(try reader.readRows() == Self.rows)
  }

  @Test(
    arguments: [
      ("1,2,a\n3,4,b", "label=3", [[1, 2], [3, 4]], [0, 1]), ("a,1,2\nb,3,4", "label=1", [[1, 2], [3, 4]], [0, 1]),
      ("1,b,2\n3,a,4", "label=2", [[1, 2], [3, 4]], [1, 0]),
      ("x,kind,y\n1,b,2\n3,a,4", "label=kind", [[1, 2], [3, 4]], [1, 0]),
      ("x,\"a kind, of\",y\n1,b,2\n3,a,4", "label=a kind, of", [[1, 2], [3, 4]], [1, 0]),
      // A header of numbers is one where the label's column is named.
      ("5,6,y\n1,2,0\n3,4,1", "label=y", [[1, 2], [3, 4]], [0, 1]),
      ("5,6,y\n1,2,0\n3,4,1", "label=3", [[5, 6], [1, 2], [3, 4]], [2, 0, 1]),
    ] as [(String, String, [[Float]], [Int32])])
  func theLabelColumnIsTheOneAskedFor(text: String, option: String, features: [[Float]], labels: [Int32]) throws {
    var reader = try CSVFile(text).open("\(option),holdout=0")
    #expect(try reader.readRows() == zip(features, labels).map { Row(features: $0, label: $1) })
  }

  @Test(
    arguments: [
      (["10", "9", "-1", "9"], [2, 1, 0, 1]), (["b", "a", "B", "ä", "b"], [2, 1, 0, 3, 2]),
      (["10", "9", "x"], [0, 1, 2]), (["1", "1.0", "01", "+1", "1e0", "0", "-0"], [1, 1, 1, 1, 1, 0, 0]),
      (["1", "1.0", "x"], [0, 1, 2]), (["a b", " a b ", "\"a,b\"", "\"a\"\"b\""], [0, 0, 2, 1]),
      (["9007199254740992", "-9007199254740992"], [1, 0]), (["NA", "true", "3a"], [1, 2, 0]),
    ] as [([String], [Int32])])
  func classesAreTheLabelsInOrder(labels: [String], classes: [Int32]) throws {
    let reader = try CSVFile(labels.map { "1,\($0)\n" }.joined()).open()
    #expect(reader.labels == classes)
    #expect(reader.format.classCount == Set(classes).count)
  }

  static let corruptions: [(line: String, what: String)] = [
    ("1,2", "has 2 fields, and the first line 3"), ("1,2,a,", "has 4 fields"), ("1", "has 1 fields"),
    (",2,a", "column 1: the field is empty; it should be a finite number, or a word; missing=mean or missing=drop"),
    ("1, ,a", "column 2: the field is empty"),
    ("1,\"\",a", "column 2: the field is empty"), ("1,2,", "column 3: the field is empty; it should be a label"),
    ("nan,2,a", "column 1: 'nan' should be a finite"), ("1,NaN,a", "'NaN' should"), ("1,inf,a", "'inf' should"),
    ("1,-Infinity,a", "'-Infinity' should"), ("1,1e39,a", "'1e39' should"), ("1,1e999,a", "'1e999' should"),
    ("1,0x10,a", "'0x10' should"), ("1;2;a", "has 1 fields"),
    ("1,2,nan", "column 3: 'nan' should be a label, a whole number or a word"), ("1,2,0.5", "'0.5' should be a label"),
    ("1,2,-inf", "'-inf' should be a label"), ("1,2,9007199254740994", "should be a label"),
    ("1,\"2,a", "column 2: the quote is not closed on this line"), ("1,2,\"a", "column 3: the quote is not closed"),
    ("1,\"2\"x,a", "column 2: the field goes on after its closing quote"),
    ("1,\"2\" \"3\",a", "column 2: the field goes"),
    ("1,2,\"a\"\"", "column 3: the quote is not closed"), ("", "the line is blank, and others follow"),
    (" \t ", "the line is blank"),
  ]

  @Test(arguments: corruptions, [2, 3, 40_000])
  func whatIsWrongIsSaidWithItsLine(corruption: (line: String, what: String), place: Int) throws {
    let before = "x,y,label\n" + String(repeating: "3,1e5,b\n", count: place - 2)
    let refusal = try CSVFile(before + corruption.line + "\n4,1,c\n").refusal()
    #expect(refusal.hasPrefix(":\(place): ") && refusal.contains(corruption.what), "\(refusal)")
  }

  /// A column is one of words as its first row has it, or one of numbers.
  static let strangers: [(line: String, what: String)] = [
    ("x,2,a", "column 1: 'x' should be a finite number"), ("1,2x,a", "column 2: '2x' should be"),
    ("1,1 2,a", "'1 2' should"), ("1,\" 1\",a", "' 1' should"), ("1,e,a", "'e' should"),
    ("1,\u{0}2,a", "'\\02' should"), ("1,\u{1b}[m,a", "'\\u{1B}[m' should"),
  ]

  @Test(arguments: strangers, [3, 40_000])
  func aWordAmongNumbersIsSaidWithItsLine(stranger: (line: String, what: String), place: Int) throws {
    try whatIsWrongIsSaidWithItsLine(corruption: stranger, place: place)
    // The other way round, the next line is the stranger.
    let before = "x,y,label\n" + stranger.line + "\n3,1e5,b\n"
    let refusal = try CSVFile(before).refusal()
    #expect(
      refusal.hasPrefix(":3: column ") && refusal.contains("should be a word, as in the rows before"), "\(refusal)")
  }

  @Test(arguments: [
    ("", ": has no rows"), ("\n\n \n", ": has no rows"), ("x,y\n", ": has no rows"), ("\u{FEFF}", ": has no rows"),
    ("1\n2\n", ":1: has one column"), ("1,a\n2,a\n", ": every label is 'a'"), ("1,3\n2,3.0\n", ": every label is '3'"),
    ("1,,a\n1,2,b\n", ":1: column 2: the field is empty"), ("1,nan,a\n1,2,b\n", ":1: column 2: 'nan'"),
    ("1e999,1,a\n1,2,b\n", ":1: column 1: '1e999'"), ("\n1,2,a\n", ":1: the line is blank"),
  ])
  func aFileToLearnNothingFromIsBadData(text: String, what: String) throws {
    #expect(try CSVFile(text).refusal().hasPrefix(what))
  }

  @Test(arguments: [
    ("4", ": has 3 columns, and the 4th is asked for"),
    ("lable", ": no column is named 'lable'; did you mean 'label'?"),
    ("nothing like it", ": no column is named 'nothing like it'"), ("x", ": several columns are named 'x'"),
  ])
  func aLabelColumnThatIsNotThereIsWrongUsage(option: String, what: String) throws {
    let refusal = try CSVFile("x,x,label\n1,2,a\n").refusal("label=\(option),holdout=0", code: .usage)
    #expect(refusal.hasPrefix(what), "\(refusal)")
  }

  @Test func moreLabelsThanAnyoneHasClassesAreBadData() throws {
    let text = (0..<70_000).map { "1,\($0)\n" }.joined()
    #expect(try CSVFile(text).refusal().hasPrefix(":65537: column 2: has the 65537th label"))
  }

  // MARK: Words, and fields that are missing

  static let people = "id,age,colour,zip,kind\n1,20,red,7,a\n2,,blue,8,b\n3,40,red,7,a\n4,NA,?,8,b\n5,30,green,7,a\n"

  @Test func wordsAreAFeatureEachAndWhatIsMissingIsTheMean() throws {
    var reader = try CSVFile(Self.people).open("label=kind,drop=id,missing=mean,words=zip,holdout=0")
    let expected: [[Float]] = [
      [20, 0, 0, 1, 1, 0], [30, 1, 0, 0, 0, 1], [40, 0, 0, 1, 1, 0], [30, 0, 0, 0, 0, 1], [30, 0, 1, 0, 1, 0],
    ]
    let rows = try reader.readRows()
    #expect(rows == zip(expected, [0, 1, 0, 1, 0]).map { Row(features: $0, label: $1) })
    let columns = try #require(reader as? CSVReader).columns
    #expect(columns.columns.map(\.kind) == [.dropped, .number, .words, .words, .label])
    #expect(columns.columns[1].mean == 30 && columns.columns[2].words == ["blue", "green", "red"])
    #expect(columns.classNames == ["a", "b"] && columns.areConsistent)
    let remarks = try #require(reader as? CSVReader).remarks
    #expect(
      remarks == [
        "'id' is left out", "'age' is missing in 2, which get its mean",
        "'colour' is 3 features, one for each word; it is missing in 1, which have none",
        "'zip' is 2 features, one for each word",
      ])
  }

  @Test func rowsWithMissingFieldsCanBeLeftOut() throws {
    // Only class a is left: its rows alone are nothing to tell apart.
    #expect(try CSVFile(Self.people).refusal("label=kind,missing=drop,holdout=0").contains("every label is 'a'"))
    let more = Self.people + "6,50,red,9,b\n"
    var reader = try CSVFile(more).open("label=kind,drop=1+zip,missing=drop,holdout=0")
    let expected: [[Float]] = [[20, 0, 1], [40, 0, 1], [30, 1, 0], [50, 0, 1]]
    #expect(try reader.readRows() == zip(expected, [0, 0, 0, 1]).map { Row(features: $0, label: $1) })
    #expect(try #require(reader as? CSVReader).remarks.last == "2 rows with missing fields are left out")
  }

  @Test(arguments: [
    ("label=kind,drop=kind", "leaves no label"), ("label=kind,drop=id+age+colour+zip", "or no feature"),
    ("label=kind,drop=idd", "did you mean 'id'"), ("label=kind,words=9", "the 9th is asked for"),
  ])
  func columnsThatAreNotThereAreWrongUsage(options: String, what: String) throws {
    let refusal = try CSVFile(Self.people).refusal("\(options),missing=mean,holdout=0", code: .usage)
    #expect(refusal.contains(what), "\(refusal)")
  }

  @Test(arguments: [
    ("x,y,k\n,1,a\nNA,2,b\n", "column 1 has no values"),
    ("x,y,k\n" + (0..<1001).map { "w\($0),1,\($0 % 2)\n" }.joined(), ":1002: column 1: 'w1000' is the 1001th word"),
    ("x,y,k\n?,1,a\n", "column 1 has no values"), ("x,y,k\n1,,a\n", "every label is 'a'"),
  ])
  func columnsToLearnNothingFromAreBadData(text: String, what: String) throws {
    let refusal = try CSVFile(text).refusal("missing=mean,holdout=0")
    #expect(refusal.contains(what) || refusal.contains("every label"), "\(refusal)")
  }

  /// By the columns of a training file other rows become the same features, whatever they are by themselves.
  @Test func rowsAreReadByTheColumnsOfAnother() throws {
    let training = try CSVFile(Self.people).open("label=kind,drop=id,missing=mean,words=zip,holdout=0")
    let columns = try #require(training as? CSVReader).columns
    let other = try CSVFile("id,age,colour,zip,kind\n9,,red,8,b\nx,1,?,7,b\n")
    var reader = try CSVReader(CSVFiles(parsing: "\(other.path),holdout=0"), part: .training, columns: columns, seed: 1)
    let expected: [[Float]] = [[30, 0, 0, 1, 0, 1], [1, 0, 0, 0, 1, 0]]
    #expect(try reader.readRows() == expected.map { Row(features: $0, label: 1) })
    let strange = try CSVFile("id,age,colour,zip,kind\n9,1,pink,8,b\n")
    let failure = #expect(throws: Failure.self) {
      try CSVReader(CSVFiles(parsing: "\(strange.path),holdout=0"), part: .training, columns: columns, seed: 1)
    }
    #expect(
      failure?.message.contains(":2: column 3: 'pink' is a word that does not occur in the training file") == true)
  }

  // MARK: Both parts

  @Test func aTestFileHasTheColumnsAndClassesOfItsTrainingFile() throws {
    let file = try CSVFile("x,kind,y\n1,7,2\n3,10,4\n5,-1,6\n")
    let options = "label=kind,test=\(file.folder.path)/other"
    for header in ["x,kind,y\n", ""] {
      try file.folder.write(Array("\(header)1,10,2\n8,7.0,9".utf8), to: "other")
      var test = try file.open(options, .test)
      #expect(test.format.classCount == 3)
      #expect(try test.readRows() == [Row(features: [1, 2], label: 2), Row(features: [8, 9], label: 1)])
      #expect(try file.open(options).sampleCount == 3)
    }
    // A header of numbers is recognised by the training file's.
    let numbered = try CSVFile("5,6,y\n1,2,a\n3,4,b")
    try numbered.folder.write(Array("5,6,y\n1,2,b".utf8), to: "other")
    #expect(try numbered.open("label=y,test=\(numbered.folder.path)/other", .test).labels == [1])
  }

  @Test(arguments: [
    ("1,8,2\n1,3,2", ":2: column 2: '3' is a label that does not occur in the training file"),
    ("1,word,2", ":1: column 2: 'word' is a label that does not"),
    ("1,8\n", ":1: has 2 columns, and the training file 3"),
    ("y,kind,x\n1,8,2", ":1: the columns are not named as in the training file"), ("", ": has no rows"),
    ("x,kind,y\n", ": has no rows"), ("1,8,2\n1,8", ":2: has 2 fields"), ("1,8,2\nx,8,2", ":2: column 1: 'x'"),
  ])
  func aTestFileThatDoesNotFitIsBadData(text: String, what: String) throws {
    let file = try CSVFile("x,kind,y\n1,7,2\n3,8,4\n")
    try file.folder.write(Array(text.utf8), to: "other")
    let refusal = try file.refusal("label=2,test=\(file.folder.path)/other", .test, of: "other")
    #expect(refusal.hasPrefix(what), "\(refusal)")
  }

  @Test(arguments: [("0.1", 100), ("0.25", 250), ("0.0001", 1), ("0.9", 900), ("0.0016", 2), ("0", 0)])
  func theShareAskedForIsHeldOut(holdout: String, count: Int) throws {
    let file = try CSVFile((0..<1000).map { "\($0),\($0 % 3)\n" }.joined())
    func rows(_ part: DatasetPart, seed: UInt64) throws -> [Row] {
      var reader = try file.open("holdout=\(holdout)", part, seed: seed)
      #expect(reader.format.classCount == 3)
      return try reader.readRows(block: 7)
    }
    let (training, test) = (try rows(.training, seed: 1), try rows(.test, seed: 1))
    #expect(test.count == count)
    #expect(Set(training + test) == Set((0..<1000).map { Row(features: [Float($0)], label: Int32($0 % 3)) }))
    #expect(training.count + test.count == 1000)
    // In file order, the same every time, and others with another seed.
    for rows in [training, test] { #expect(rows.map { $0.features[0] } == rows.map { $0.features[0] }.sorted()) }
    #expect(try rows(.test, seed: 1) == test)
    #expect(try count == 0 || rows(.test, seed: 2) != test)
  }

  @Test func atLeastOneRowIsLeftToLearnFrom() throws {
    let file = try CSVFile("1,a\n2,b\n")
    #expect(try file.open("holdout=0.9").sampleCount == 1)
    #expect(try file.open("holdout=0.9", .test).sampleCount == 1)
    #expect(try file.open("holdout=0.9").format.classCount == 2)
  }

  // MARK: Files

  @Test func aFileOfManyBlocksIsRead() throws {
    let text = (0..<20_000).map { "\($0),\(Double($0) / 8),\($0 % 7)\n" }.joined()
    var reader = try CSVFile(gzipped(Array(text.utf8))).open()
    #expect(
      try reader.readRows(block: 999)
        == (0..<20_000).map { Row(features: [Float($0), Float($0) / 8], label: Int32($0 % 7)) })
  }

  @Test func aGzippedFileCutAnywhereIsBadData() throws {
    let bytes = try gzipped(Array(Self.text.utf8))
    for length in bytes.indices { _ = try CSVFile(Array(bytes[..<length])).refusal() }
  }

  /// Of one row or of many, or of many spellings of a label, compressed to next to nothing.
  @Test func aTableThatMemoryDoesNotHoldIsRefused() throws {
    let (line, label) = (String(repeating: "1,", count: 400_000) + "a\n", String(repeating: "a", count: 400_000))
    for text in [line, String(repeating: "1,2,a\n", count: 100_000), "1,b\n1,\(label)\n1,c"] {
      let file = try CSVFile(gzipped(Array(text.utf8)))
      let failure = try #require(throws: Failure.self) {
        try CSVReader(CSVFiles(parsing: file.path), part: .training, seed: 1, memory: 1_000_000)
      }
      #expect(failure.code == .internal && failure.message.hasPrefix(file.path + ":"), "\(failure)")
      #expect(failure.message.contains("1.0 MB of memory"), "\(failure)")
    }
  }

  @Test(arguments: ["3,4,a\n", "\0", "\u{1f}"])
  func whatFollowsTheGzippedDataIsRefused(garbage: String) throws {
    let members = try gzipped(Array(Self.text.utf8)) + gzipped([])
    var reader = try CSVFile(members).open()
    #expect(try reader.readRows() == Self.rows)
    let refusal = try CSVFile(members + Array(garbage.utf8)).refusal()
    #expect(refusal.hasPrefix(": its gzip'ed data is followed"), "\(refusal)")
  }

  @Test func aCompressedLineWithoutEndTakesNoMemory() throws {
    for byte in ["1", ",", "\"", " "] {
      let bomb = [UInt8](repeating: byte.utf8.first!, count: 50_000_000)
      #expect(try CSVFile(gzipped(bomb)).refusal() == ":1: the line goes on for too long")
    }
    let blanks = [UInt8](repeating: UInt8(ascii: "\n"), count: 50_000_000)
    #expect(try CSVFile(gzipped(blanks)).refusal() == ": has no rows")
  }

  @Test func flippedBytesNeverTrap() throws {
    var source = RandomSource(seed: 3, purpose: .benchmark)
    let text = Array(("\"x\",y,label\n" + Self.text).utf8)
    for original in [text, try gzipped(text)] {
      for index in original.indices {
        for _ in 0..<8 {
          var bytes = original
          bytes[index] ^= UInt8(1 + source.nextIndex(below: 255))
          let file = try CSVFile(bytes)
          do {
            var reader = try file.open()
            let rows = try reader.readRows()
            #expect(rows.allSatisfy { $0.label >= 0 && $0.label < reader.format.classCount })
            #expect(rows.allSatisfy { $0.features.allSatisfy(\.isFinite) })
          } catch let failure as Failure {
            #expect(failure.code == .badData && failure.message.contains(file.path))
          }
        }
      }
    }
  }

  @Test func whatCannotBeOpenedIsAnInputError() throws {
    let file = try CSVFile(Self.text)
    for (path, reason) in [("\(file.path)-none", "No such file"), (file.folder.path, "Is a directory")] {
      let failure = try #require(throws: Failure.self) {
        try DatasetSpecification(parsing: "csv:\(path)").open(.training, seed: 1)
      }
      #expect(failure.code == .inputOutput && failure.message.contains(reason), "\(failure)")
    }
    let failure = try #require(throws: Failure.self) { try file.open("test=\(file.path)-none", .test) }
    #expect(failure.code == .inputOutput && failure.message.contains("\(file.path)-none"), "\(failure)")
  }
}
