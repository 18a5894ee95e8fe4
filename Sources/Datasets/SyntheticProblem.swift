import Failures

/// The sizes and the difficulty of a synthetic classification problem; see `SyntheticReader`.
public struct SyntheticProblem: Equatable, Sendable {
  /// Number of samples to learn from.
  public var training = 20_000
  /// Number of samples to test with.
  public var test = 4_000
  public var features = 64
  public var classes = 10
  /// Deviation of a sample from its cluster's centre; 0 puts every sample on a centre.
  public var difficulty = 1.0

  public init() {}

  /// Parses `KEY=VALUE,KEY=VALUE,…`; what is left out keeps its default.
  ///
  /// - Throws: `Failure(.usage)` for an unknown or repeated key and a value out of range.
  public init(parsing options: String) throws {
    var keys: Set<String> = []
    for option in options.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else { throw Failure(.usage, "synthetic: '\(option)' should read KEY=VALUE") }
      guard keys.insert(parts[0]).inserted else { throw Failure(.usage, "synthetic: '\(parts[0])' is given twice") }
      try set(parts[0], to: parts[1])
    }
  }

  private mutating func set(_ key: String, to text: String) throws {
    func number<Number: LosslessStringConvertible & Comparable>(in range: ClosedRange<Number>) throws -> Number {
      guard let number = Number(text), range.contains(number) else {
        throw Failure(
          .usage, "synthetic: '\(key)=\(text)' should be a number in \(range.lowerBound)...\(range.upperBound)")
      }
      return number
    }
    switch key {
    case "training": training = try number(in: 1...Int(Int32.max))
    case "test": test = try number(in: 1...Int(Int32.max))
    case "features": features = try number(in: 1...65_536)
    case "classes": classes = try number(in: 2...1_000)
    case "difficulty": difficulty = try number(in: 0...1_000)
    default:
      let known = ["training", "test", "features", "classes", "difficulty"]
      throw Failure.unknownName(key, kind: "option of synthetic", known: known)
    }
  }

  func sampleCount(of part: DatasetPart) -> Int { part == .training ? training : test }
}

extension SyntheticProblem: CustomStringConvertible {
  public var description: String {
    "training=\(training),test=\(test),features=\(features),classes=\(classes),difficulty=\(difficulty.shortText)"
  }
}
