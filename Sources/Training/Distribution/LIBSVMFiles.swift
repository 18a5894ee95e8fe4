import Failures

/// Which files in LIBSVM's format to learn from and, where there is one, to judge the result by.
public struct LIBSVMFiles: Equatable, Sendable {
  public var training: String
  public var test: String?

  public init(training: String, test: String? = nil) {
    self.training = training
    self.test = test
  }

  /// Parses `FILE` or `FILE,TESTFILE`. The last comma separates the two: a file whose name has one, and that comes without
  /// a test file, is written with a comma after it.
  ///
  /// - Throws: `Failure(.usage)` where there is no file.
  public init(parsing text: String?) throws {
    let text = text ?? ""
    let comma = text.lastIndex(of: ",")
    training = String(text[..<(comma ?? text.endIndex)])
    test = comma.map { String(text[text.index(after: $0)...]) }
    if test == "" { test = nil }
    guard !training.isEmpty else {
      throw Failure(.usage, "dataset libsvm wants its file: libsvm:FILE or libsvm:FILE,TESTFILE")
    }
  }
}

extension LIBSVMFiles: CustomStringConvertible {
  /// The canonical text; parses to the same files unless the test file's name has a comma.
  public var description: String {
    if let test { return "\(training),\(test)" }
    return training.contains(",") ? "\(training)," : training
  }
}
