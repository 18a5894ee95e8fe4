import Failures
import Glibc

/// The path of the first of `names` that a folder has.
///
/// - Parameter hint: what to tell a user who does not have the files.
/// - Throws: `Failure(.inputOutput)`, saying which names were looked for, if it has none.
func findFile(anyOf names: [String], in folder: String, hint: String?) throws -> String {
  var information = stat()
  // The slash makes the system refuse a file in the folder's place.
  if stat("\(folder)/", &information) == 0,
    let name = names.first(where: { stat("\(folder)/\($0)", &information) == 0 })
  {
    return "\(folder)/\(name)"
  }
  let reason = String(cString: strerror(errno))
  let advice = hint.map { "; \($0)" } ?? ""
  throw Failure(.inputOutput, "\(folder): \(reason): looked there for \(names.joined(separator: ", "))\(advice)")
}
