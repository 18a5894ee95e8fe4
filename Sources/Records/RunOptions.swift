import Failures
import FoundationEssentials

/// The options that a `run.json` holds, of which a run can be repeated.
public enum RunOptions {
  private struct Contents: Decodable {
    let options: [String: Value]
  }

  /// What stands beside an option's name: its value, or something that is none.
  private enum Value: Decodable {
    case option(OptionValue)
    case other

    init(from decoder: any Decoder) throws {
      self = (try? OptionValue(from: decoder)).map(Value.option) ?? .other
    }
  }

  /// The options by name.
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - name: of the file, for messages.
  /// - Throws: `Failure(.badData)` where it is no such file, or an option has no value.
  public static func parse(_ text: String, name file: String) throws -> [String: OptionValue] {
    let contents: Contents
    do {
      contents = try JSONDecoder().decode(Contents.self, from: Data(text.utf8))
    } catch DecodingError.keyNotFound(let key, _) {
      throw Failure(.badData, "\(file): has no \"\(key.stringValue)\", which a run.json holds its options in")
    } catch DecodingError.typeMismatch {
      throw Failure(.badData, "\(file): is no run.json: that is an object, and \"options\" in it another")
    } catch {
      throw Failure(.badData, "\(file): is no run.json: it is not valid JSON")
    }
    var options: [String: OptionValue] = [:]
    for (name, value) in contents.options.sorted(by: { $0.key < $1.key }) {
      guard case .option(let value) = value else {
        throw Failure(.badData, "\(file): the value of \"\(name)\" is no number, text or flag")
      }
      options[name] = value
    }
    return options
  }
}
