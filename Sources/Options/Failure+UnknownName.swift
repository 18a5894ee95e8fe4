import Failures

extension Failure {
  /// A name that is not one of `known`: says which are, and which of them was probably meant.
  ///
  /// - Parameter kind: what the name should name: "dataset", "option of synthetic", …
  public static func unknownName(_ name: some StringProtocol, kind: String, known: [String]) -> Failure {
    let hint = nearestName(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
    return Failure(.usage, "unknown \(kind) '\(name)'\(hint) (known: \(known.joined(separator: ", ")))")
  }
}

/// The one of `known` with the smallest edit distance to `name`, unless nothing of it is alike.
public func nearestName(to name: some StringProtocol, among known: [String]) -> String? {
  let distances = known.map { (candidate: $0, distance: editDistance($0, name)) }
  guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(2, best.candidate.utf8.count / 2) ? best.candidate : nil
}

/// How many bytes must be inserted, deleted or replaced to make one text of the other (Levenshtein 1966).
private func editDistance(_ first: some StringProtocol, _ second: some StringProtocol) -> Int {
  var previous = Array(0...second.utf8.count)
  for (row, left) in first.utf8.enumerated() {
    var current = [row + 1]
    for (column, right) in second.utf8.enumerated() {
      let replaced = previous[column] + (left == right ? 0 : 1)
      current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return previous.last!
}
