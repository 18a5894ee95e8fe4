import Failures
import Foundation
import FuzzedParsers
import Testing

extension FuzzedParser: CustomTestStringConvertible {
  public var testDescription: String { name }
}

/// The inputs that fuzzing begins with, and those that it found a mistake by.
struct CorpusTests {
  private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fuzz/Corpus")

  private func files(of parser: FuzzedParser) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: Self.corpus.appendingPathComponent(parser.name), includingPropertiesForKeys: nil)
  }

  @Test(arguments: FuzzedParser.all)
  func everyInputIsParsedOrRefused(parser: FuzzedParser) throws {
    let folder = ScratchFolder(NSTemporaryDirectory() + "corpus test \(UUID().uuidString)")
    var parsed = 0
    for file in try files(of: parser) {
      do {
        try parser.parse([UInt8](try Data(contentsOf: file)), in: folder)
        parsed += 1
      } catch let error as Failure {
        #expect(!error.message.isEmpty)
      } catch {
        Issue.record("\(file.lastPathComponent): \(error)")
      }
    }
    // Otherwise nothing beyond the first check was reached.
    #expect(parsed > 0)
  }

  /// A sound input of each parser cut at any length is refused, or parsed, as well.
  @Test(arguments: FuzzedParser.all)
  func everyBeginningIsParsedOrRefused(parser: FuzzedParser) throws {
    let folder = ScratchFolder(NSTemporaryDirectory() + "corpus test \(UUID().uuidString)")
    for file in try files(of: parser) {
      let bytes = [UInt8](try Data(contentsOf: file))
      for length in bytes.indices {
        do {
          try parser.parse(Array(bytes[..<length]), in: folder)
        } catch is Failure {
        } catch {
          Issue.record("\(file.lastPathComponent), \(length) bytes: \(error)")
        }
      }
    }
  }
}
