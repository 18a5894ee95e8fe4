import Failures
import Options

/// The sizes and the difficulty of a synthetic classification problem; see `SyntheticReader`.
public struct SyntheticProblem: Equatable, Sendable {
  /// Number of samples to learn from.
  public var training = 20_000
  /// Number of samples to test with.
  public var test = 4_000
  public var features = 64
  public var classes = 10
  /// Deviation of a sample from its cluster's centre; 0 puts every sample on a centre.
  public var difficulty = 0.8

  public init() {}

  /// Parses `KEY=VALUE,KEY=VALUE,…`; what is left out keeps its default.
  ///
  /// - Throws: `Failure(.usage)` for an unknown or repeated key and a value out of range.
  public init(parsing options: String) throws {
    let known = ["training", "test", "features", "classes", "difficulty"]
    let values = try KeyedValues(parsing: options, of: "synthetic", known: known)
    try values.read("training", in: 1...Int(Int32.max), into: &training)
    try values.read("test", in: 1...Int(Int32.max), into: &test)
    try values.read("features", in: 1...65_536, into: &features)
    try values.read("classes", in: 2...1_000, into: &classes)
    try values.read("difficulty", in: 0...1_000, into: &difficulty)
  }

  func sampleCount(of part: DatasetPart) -> Int { part == .training ? training : test }
}

extension SyntheticProblem: CustomStringConvertible {
  public var description: String {
    "training=\(training),test=\(test),features=\(features),classes=\(classes),difficulty=\(difficulty.shortText)"
  }
}
