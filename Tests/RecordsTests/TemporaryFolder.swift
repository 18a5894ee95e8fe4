import Failures
import Foundation
import Testing

/// A folder for a test's files, removed with its owner. Its name has what a path may have: spaces, commas, colons.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "records test, ü: \(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names of what is in it.
  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: url(name)) }

  func write(bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url(name)) }

  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(name))) }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  /// Lines, each ended by "\n", as lists of fields between commas.
  func fields(_ name: String) throws -> [[String]] {
    let lines = try text(name).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.last == "")
    return lines.dropLast().map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }

  func json(_ name: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes(name))) as? [String: Any])
  }

  /// A name in it that can be opened, and takes not a byte.
  func makeFullDevice(_ name: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: "/dev/full")
  }

  private func url(_ name: String) -> URL { URL(fileURLWithPath: path(name)) }
}

/// Expects `body` to throw a failure of input or output that names `path` and has the system's `reason`.
func expectFailure(
  naming path: String, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) throws {
  let failure = try #require(throws: Failure.self, sourceLocation: sourceLocation, performing: body)
  #expect(failure.code == .inputOutput, sourceLocation: sourceLocation)
  #expect(failure.message.contains(path), "\(failure)", sourceLocation: sourceLocation)
  #expect(failure.message.hasSuffix(reason), "\(failure)", sourceLocation: sourceLocation)
}
