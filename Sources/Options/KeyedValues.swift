import Failures

/// Options of a named thing, as a user writes them: `KEY=VALUE,KEY=VALUE,…`
public struct KeyedValues {
  private let name: String
  private var values: [String: String] = [:]

  /// - Parameters:
  ///   - name: what the options are of, for messages.
  ///   - known: the keys there are.
  /// - Throws: `Failure(.usage)` for an unknown or repeated key.
  public init(parsing text: String?, of name: String, known: [String]) throws {
    try self.init(text?.split(separator: ",", omittingEmptySubsequences: false) ?? [], of: name, known: known)
  }

  /// Parses `PATH,KEY=VALUE,…`. An option begins at a comma with letters and an equals sign after it: paths and values may
  /// have other commas.
  ///
  /// - Throws: `Failure(.usage)` as above.
  public static func parse(
    pathAndOptions text: String, of name: String, known: [String]
  ) throws -> (path: String, options: KeyedValues) {
    var parts: [Substring] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let key = part.prefix { $0.isASCII && $0.isLetter }
      if let last = parts.last, key.isEmpty || part[key.endIndex...].first != "=" {
        parts[parts.count - 1] = text[last.startIndex..<part.endIndex]
      } else {
        parts.append(part)
      }
    }
    return (String(parts[0]), try KeyedValues(parts.dropFirst(), of: name, known: known))
  }

  private init(_ options: some Sequence<Substring>, of name: String, known: [String]) throws {
    self.name = name
    for option in options {
      let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else { throw Failure(.usage, "\(name): '\(option)' should read KEY=VALUE") }
      guard known.contains(parts[0]) else {
        throw Failure.unknownName(parts[0], kind: "option of \(name)", known: known)
      }
      guard values.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw Failure(.usage, "\(name): '\(parts[0])' is given twice")
      }
    }
  }

  /// The value of `key`, where it is given.
  public func text(_ key: String) -> String? { values[key] }

  /// The number of `key`, or `standard`.
  /// - Throws: `Failure(.usage)` for what is no number in `range`.
  public func number<Number: LosslessStringConvertible & Comparable>(
    _ key: String, _ standard: Number, in range: ClosedRange<Number>
  ) throws -> Number {
    var number = standard
    try read(key, in: range, into: &number)
    return number
  }

  /// The number of `key`, where it is given.
  /// - Throws: `Failure(.usage)` for what is no number in `range`.
  public func number<Number: LosslessStringConvertible & Comparable>(
    _ key: String, in range: ClosedRange<Number>
  ) throws -> Number? {
    values[key] == nil ? nil : try number(key, range.lowerBound, in: range)
  }

  /// Whether `key` says yes.
  /// - Throws: `Failure(.usage)` for neither yes nor no.
  public func flag(_ key: String, _ standard: Bool) throws -> Bool {
    try choice(key, standard ? "yes" : "no", of: ["yes", "no"]) == "yes"
  }

  /// The word of `key`, or `standard`.
  /// - Throws: `Failure(.usage)` for none of `words`.
  public func choice(_ key: String, _ standard: String, of words: [String]) throws -> String {
    guard let text = values[key] else { return standard }
    guard words.contains(text) else { throw Failure.unknownName(text, kind: "\(key) of \(name)", known: words) }
    return text
  }

  /// Sets `number` to the value of `key`, where it is given.
  /// - Throws: `Failure(.usage)` for what is no number in `range`.
  public func read<Number: LosslessStringConvertible & Comparable>(
    _ key: String, in range: ClosedRange<Number>, into number: inout Number
  ) throws {
    guard let text = values[key] else { return }
    guard let value = Number(text), range.contains(value) else {
      throw Failure(.usage, "\(name): '\(key)=\(text)' should be a number in \(range.lowerBound)...\(range.upperBound)")
    }
    number = value
  }
}
