import Failures
import FoundationEssentials

/// A small text file that an option names.
enum InputFile {
  /// - Throws: `Failure` naming the file.
  static func read(_ path: String) throws -> String {
    do {
      return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    } catch {
      throw Failure(.inputOutput, "cannot read \(path)")
    }
  }
}
