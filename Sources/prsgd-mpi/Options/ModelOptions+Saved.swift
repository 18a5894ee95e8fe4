import Failures
import Records

extension ModelOptions {
  /// The options of a saved model, by name.
  var saved: [String: String] { recorded.mapValues(\.description) }

  /// - Parameter path: of the file that they are from, for messages.
  /// - Throws: `Failure(.badData)` where there is no such model.
  init(saved: [String: String], in path: String) throws {
    let arguments = saved.sorted { $0.key < $1.key }.flatMap { name, text in
      ConfigurationFile.arguments(name: name, value: Bool(text).map(OptionValue.flag) ?? .text(text))
    }
    do {
      self = try ModelOptions.parse(arguments)
    } catch {
      throw Failure(.badData, "\(path): is of a model that is not known here: \(ModelOptions.message(for: error))")
    }
  }
}
