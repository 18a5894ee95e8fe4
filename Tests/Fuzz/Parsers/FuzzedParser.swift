import Failures

/// A parser of the program, as bytes of any kind are given to it.
public struct FuzzedParser: Sendable {
  public let name: String
  private let body: @Sendable ([UInt8], borrowing ScratchFolder) throws -> Void

  init(_ name: String, _ body: @escaping @Sendable ([UInt8], borrowing ScratchFolder) throws -> Void) {
    (self.name, self.body) = (name, body)
  }

  /// Parses `bytes`; how an input is made of them, each parser says.
  /// - Throws: what the parser throws; what is no `Failure` is a mistake of the parser.
  public func parse(_ bytes: [UInt8], in folder: borrowing ScratchFolder) throws { try body(bytes, folder) }

  public static let all = [
    idx, cifar, csv, libsvm, gzip, text, configuration, optionTexts, intervals, checkpointPart, checkpointManifest,
    safetensors,
  ]
}

/// Goes on after a `Failure`.
func attempt(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch is Failure {}
}
