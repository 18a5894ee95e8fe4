import Foundation
import Testing

/// What the documents say of this project.
struct DocumentTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  @Test func everyTestThatIsNamedIsThere() throws {
    let document = try String(contentsOf: Self.root.appendingPathComponent("docs/reliability.md"), encoding: .utf8)
    let names = document.matches(of: /`(\w+Tests)\.(\w+)`/).map { (suite: String($0.1), test: String($0.2)) }
    try #require(names.count > 50)
    let files = FileManager.default.enumerator(
      at: Self.root.appendingPathComponent("Tests"), includingPropertiesForKeys: nil)
    let sources = try (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
      .map { try String(contentsOf: $0, encoding: .utf8) }
    for (suite, test) in names {
      let isThere = sources.contains { $0.contains("struct \(suite) {") && $0.contains("func \(test)(") }
      #expect(isThere, "\(suite).\(test)")
    }
  }

  @Test func everyLinkLeadsToAFile() throws {
    let folders = ["", "docs/", "jobs/"]
    var count = 0
    for folder in folders {
      let names = try FileManager.default.contentsOfDirectory(atPath: Self.root.path + "/" + folder)
      for name in names where name.hasSuffix(".md") {
        let text = try String(contentsOf: Self.root.appendingPathComponent(folder + name), encoding: .utf8)
        for link in text.matches(of: /\]\(([^)#:]+)[^):]*\)/) {
          count += 1
          let target = Self.root.path + "/" + folder + link.1
          #expect(FileManager.default.fileExists(atPath: target), "\(folder)\(name): \(link.1)")
        }
      }
    }
    #expect(count > 30)
  }
}
