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
}
