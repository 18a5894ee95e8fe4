import Failures

/// A text whose characters are to be learned, and whether its sequences belong to those who speak them.
public struct TextFile: Equatable, Sendable {
  public let path: String
  /// Whether it is speeches, each of which begins with a line `NAME:` and ends with an empty line.
  public let hasSpeakers: Bool

  private static let speakers = ",speakers"

  /// Parses `FILE` or `FILE,speakers`.
  ///
  /// - Throws: `Failure(.usage)` where there is no file.
  public init(parsing text: String) throws {
    hasSpeakers = text.hasSuffix(Self.speakers)
    path = String(text.dropLast(hasSpeakers ? Self.speakers.count : 0))
    guard !path.isEmpty else { throw Failure(.usage, "dataset text wants its file: text:FILE or text:FILE,speakers") }
  }
}

extension TextFile: CustomStringConvertible {
  /// The canonical text; parses to the same.
  public var description: String { path + (hasSpeakers ? Self.speakers : "") }
}
