import ArgumentParser

/// `--hidden`: widths of hidden layers, as "512,256".
struct LayerWidths: ExpressibleByArgument, CustomStringConvertible {
  let widths: [Int]

  init(_ widths: [Int]) { self.widths = widths }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.allSatisfy({ $0 != nil && $0! > 0 && $0! <= 1 << 20 }) else { return nil }
    widths = parts.map { $0! }
  }

  var description: String { widths.map(String.init).joined(separator: ",") }
}
