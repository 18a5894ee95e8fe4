import Datasets
import Failures
import Options

/// What to train on, as a user writes it: a data set, or a problem given by a formula.
public enum ProblemSpecification: Equatable, Sendable {
  case dataset(DatasetSpecification)
  /// `libsvm:FILE` or `libsvm:FILE,TESTFILE`: softmax regression on sparse rows.
  case libsvm(LIBSVMFiles)
  /// `quadratic` or `quadratic:KEY=VALUE,…`
  case quadratic(QuadraticProblem)
  /// `double-well` or `double-well:KEY=VALUE,…`
  case doubleWell(DoubleWellProblem)

  /// - Throws: `Failure(.usage)` for an unknown name, with the nearest known one, and for options out of range.
  public init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let options = parts.count > 1 ? parts[1] : nil
    switch parts[0] {
    case "libsvm": self = .libsvm(try LIBSVMFiles(parsing: options))
    case "quadratic": self = .quadratic(try QuadraticProblem(parsing: options))
    case "double-well": self = .doubleWell(try DoubleWellProblem(parsing: options))
    case let name where DatasetSpecification.names.contains(name):
      self = .dataset(try DatasetSpecification(parsing: text))
    default:
      throw Failure.unknownName(
        parts[0], kind: "dataset", known: DatasetSpecification.names + ["libsvm", "quadratic", "double-well"])
    }
  }
}

extension ProblemSpecification {
  /// The text, where it is one.
  public var text: TextFile? { if case .dataset(.text(let file)) = self { file } else { nil } }
}

extension ProblemSpecification: CustomStringConvertible {
  public var description: String {
    switch self {
    case .dataset(let dataset): "\(dataset)"
    case .libsvm(let files): "libsvm:\(files)"
    case .quadratic(let problem):
      "quadratic:dimension=\(problem.dimension),condition=\(problem.condition.shortText),"
        + "smoothness=\(problem.smoothness.shortText),noise=\(problem.noise.shortText),"
        + "heterogeneity=\(problem.heterogeneity.shortText),spread=\(problem.spread.shortText)"
    case .doubleWell(let problem): "double-well:dimension=\(problem.dimension),noise=\(problem.noise.shortText)"
    }
  }
}

extension QuadraticProblem {
  init(parsing text: String?) throws {
    let known = ["dimension", "condition", "smoothness", "noise", "heterogeneity", "spread"]
    let values = try KeyedValues(parsing: text, of: "quadratic", known: known)
    try values.read("dimension", in: 1...1_000_000, into: &dimension)
    try values.read("condition", in: 1...1e9, into: &condition)
    try values.read("smoothness", in: 1e-9...1e9, into: &smoothness)
    try values.read("noise", in: 0...1e6, into: &noise)
    try values.read("heterogeneity", in: 0...1e6, into: &heterogeneity)
    try values.read("spread", in: 0...0.99, into: &spread)
  }
}

extension DoubleWellProblem {
  init(parsing text: String?) throws {
    let values = try KeyedValues(parsing: text, of: "double-well", known: ["dimension", "noise"])
    try values.read("dimension", in: 1...1_000_000, into: &dimension)
    try values.read("noise", in: 0...1e6, into: &noise)
  }
}
