import Failures
import Foundation
import Records
import Testing

struct OutputFileTests {
  @Test func whatIsWrittenIsThereBeforeTheFileIsClosed() throws {
    let folder = try TemporaryFolder()
    let file = try OutputFile(creating: folder.path("file"))
    try file.write("eins, zwei, drü\n")
    #expect(try folder.text("file") == "eins, zwei, drü\n")
    try [0, 255, 10].withUnsafeBytes { try file.write($0) }
    try file.write("")
    #expect(try folder.bytes("file").count == "eins, zwei, drü\n".utf8.count + 3 * MemoryLayout<Int>.size)
    withExtendedLifetime(file) {}
  }

  @Test func creatingEmptiesAFileThatIsThere() throws {
    let folder = try TemporaryFolder()
    try folder.write("something old and long", to: "file")
    let file = try OutputFile(creating: folder.path("file"))
    #expect(file.path == folder.path("file"))
    try file.write("new")
    #expect(try folder.text("file") == "new")
  }

  @Test func whatCannotBeCreatedIsAFailureThatNamesIt() throws {
    let folder = try TemporaryFolder()
    try folder.write("", to: "file")
    for (path, reason) in [
      (folder.path("none/file"), "No such file or directory"), (folder.path("file/file"), "Not a directory"),
      (folder.path, "Is a directory"),
    ] {
      try expectFailure(naming: path, reason) { _ = try OutputFile(creating: path) }
    }
  }

  @Test func aFullDeviceIsAFailureThatNamesIt() throws {
    let file = try OutputFile(creating: "/dev/full")
    try expectFailure(naming: "/dev/full", "No space left on device") { try file.write("x") }
  }

  @Test func replacingGivesTheNewFileOnceItIsComplete() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "file")
    for content in ["new", "", String(repeating: "long ", count: 1 << 20)] {
      let before = try folder.text("file")
      try OutputFile.replace(folder.path("file")) { file in
        try file.write(content)
        let during = try folder.text("file")
        #expect(during.utf8.elementsEqual(before.utf8))
      }
      let after = try folder.text("file")
      #expect(after.utf8.elementsEqual(content.utf8))
      #expect(try folder.names == ["file"])
    }
    try OutputFile.replace(folder.path("another")) { try $0.write("first") }
    #expect(try folder.names == ["another", "file"])
  }

  @Test func theOldFileStaysWhereTheBodyThrows() throws {
    struct Interruption: Error {}
    let folder = try TemporaryFolder()
    try folder.write("old", to: "file")
    #expect(throws: Interruption.self) {
      try OutputFile.replace(folder.path("file")) {
        try $0.write("half of the n")
        throw Interruption()
      }
    }
    #expect(try folder.text("file") == "old")
    #expect(try folder.names == ["file"])
  }

  @Test func theOldFileStaysWhereTheDeviceIsFull() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "file")
    try folder.makeFullDevice("file.partial")
    try expectFailure(naming: folder.path("file"), "No space left on device") {
      try OutputFile.replace(folder.path("file")) { try $0.write("new") }
    }
    #expect(try folder.text("file") == "old")
    #expect(try folder.names == ["file"])
  }

  @Test func whatARunThatDiedLeftIsReplacedToo() throws {
    let folder = try TemporaryFolder()
    try folder.write("a longer text that was cut o", to: "file.partial")
    try OutputFile.replace(folder.path("file")) { try $0.write("new") }
    #expect(try folder.text("file") == "new")
    #expect(try folder.names == ["file"])
  }

  @Test func replacingWhatIsNoFileIsAFailureThatLeavesNothing() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: false)
    try expectFailure(naming: folder.path("folder"), "Is a directory") {
      try OutputFile.replace(folder.path("folder")) { try $0.write("new") }
    }
    #expect(try folder.names == ["folder"])
    try expectFailure(naming: folder.path("none/file"), "No such file or directory") {
      try OutputFile.replace(folder.path("none/file")) { try $0.write("new") }
    }
  }
}
