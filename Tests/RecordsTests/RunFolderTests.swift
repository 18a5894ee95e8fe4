import Failures
import Foundation
import Records
import Testing

private let files = ["convergence.csv", "model.safetensors", "run.json", "workers.csv"]

struct RunFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: ["run", "a/b/c", "a//b/", "with space, and comma"], [false, true])
  func aFolderIsMadeWithItsParents(name: String, overwriting: Bool) throws {
    let path = folder.path(name)
    for _ in 0..<2 {
      try RunFolder.prepare(path, overwriting: overwriting)
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }
  }

  @Test(arguments: [false, true])
  func aFolderWithoutARunIsTakenAsItIs(overwriting: Bool) throws {
    try folder.write("mine", to: "notes.txt")
    try RunFolder.prepare(folder.path, overwriting: overwriting)
    #expect(try folder.text("notes.txt") == "mine")
  }

  @Test(arguments: files)
  func aFolderWithARunIsRefusedAndUntouched(file: String) throws {
    try folder.write("old", to: file)
    try folder.write("mine", to: "notes.txt")
    let failure = try #require(throws: Failure.self) { try RunFolder.prepare(folder.path, overwriting: false) }
    #expect(failure.code == .usage)
    for part in [folder.path, file, "--overwrite"] { #expect(failure.message.contains(part), "\(failure)") }
    #expect(try folder.names == [file, "notes.txt"].sorted())
    #expect(try folder.text(file) == "old")
  }

  @Test(arguments: files)
  func overwritingRemovesARunThatWasCutOffToo(file: String) throws {
    try folder.write("old", to: file)
    try RunFolder.prepare(folder.path, overwriting: true)
    #expect(try folder.names.isEmpty)
  }

  @Test func overwritingRemovesTheRunAndKeepsWhatIsNotOfIt() throws {
    let others = ["another.safetensors", "figure.png", "notes.txt", "run.json.bak"]
    for name in files + others { try folder.write("old", to: name) }
    try RunFolder.prepare(folder.path, overwriting: true)
    #expect(try folder.names == others)
    for name in others { #expect(try folder.text(name) == "old") }
  }

  @Test func whatIsNoFolderIsAFailureThatNamesIt() throws {
    try folder.write("mine", to: "file")
    for overwriting in [false, true] {
      try expectFailure(naming: folder.path("file"), "it is not a folder") {
        try RunFolder.prepare(folder.path("file"), overwriting: overwriting)
      }
      try expectFailure(naming: folder.path("file"), "Not a directory") {
        try RunFolder.prepare(folder.path("file/run"), overwriting: overwriting)
      }
    }
    #expect(try folder.text("file") == "mine")
  }

  @Test func whatCannotBeRemovedIsAFailureThatNamesIt() throws {
    try FileManager.default.createDirectory(atPath: folder.path("run.json"), withIntermediateDirectories: false)
    try expectFailure(naming: folder.path("run.json"), "Is a directory") {
      try RunFolder.prepare(folder.path, overwriting: true)
    }
  }

  @Test func everyNewRunHasAFolderOfItsOwn() throws {
    let parent = folder.path("deep/runs")
    let paths = try (0..<20).map { _ in try RunFolder.create(named: "pr-sgd-synthetic", in: parent) }
    #expect(Set(paths).count == 20)
    let names = paths.map { URL(fileURLWithPath: $0).lastPathComponent }
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent).sorted() == names.sorted())
    for (path, name) in zip(paths, names) {
      #expect(path == "\(parent)/\(name)")
      #expect(name.wholeMatch(of: /\d{8}-\d{6}-pr-sgd-synthetic(-\d+)?/) != nil, "\(name)")
    }
  }

  @Test func aTimestampIsWrittenAsAsked() {
    #expect(RunFolder.timestamp("%Y-%m-%dT%H:%M:%S%z").wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}/) != nil)
    #expect(RunFolder.timestamp("run") == "run")
  }
}
