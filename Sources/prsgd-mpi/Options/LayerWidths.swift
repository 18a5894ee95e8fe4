import Failures

/// `--hidden`: widths of hidden layers, as "512,256".
struct LayerWidths: CustomStringConvertible {
  let widths: [Int]

  init(_ widths: [Int]) { self.widths = widths }

  /// - Throws: `Failure(.usage)` saying what they may be.
  init(parsing argument: String) throws {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.allSatisfy({ $0 != nil && $0! > 0 && $0! <= 1 << 20 }) else {
      throw Failure(.usage, "widths are numbers from 1 to \(1 << 20), separated by commas")
    }
    widths = parts.map { $0! }
  }

  var description: String { widths.map(String.init).joined(separator: ",") }
}
