import ArgumentParser

/// `--slowdown`: how many times slower which ranks are made.
struct SlowdownOption: ExpressibleByArgument, CustomStringConvertible {
  let factors: [Int: Double]

  init(factors: [Int: Double]) { self.factors = factors }

  init?(argument: String) {
    var factors: [Int: Double] = [:]
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: ":", omittingEmptySubsequences: false)
      guard pair.count == 2, let rank = Int(pair[0]), rank >= 0, let factor = Double(pair[1]), factor >= 1,
        factor <= 1e6, factors.updateValue(factor, forKey: rank) == nil
      else { return nil }
    }
    self.factors = factors
  }

  var description: String {
    factors.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
  }
}
