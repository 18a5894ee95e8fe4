import FoundationEssentials
import Records

/// What `bench` measured.
struct BenchReport: Encodable {
  let model: String
  let ranks: Int
  /// Of one rank.
  let batchSize: Int
  let interval: Int
  let steps: Int
  /// Of the slowest rank.
  let seconds: Double
  /// Of all ranks together.
  let samplesPerSecond: Double
  /// Of each phase, mean over the ranks.
  let share: [String: Double]
  let blasKernel: String

  static func shares(_ seconds: [[Double]]) -> [String: Double] {
    let total = seconds.reduce(0) { $0 + $1.reduce(0, +) }
    return Dictionary(
      uniqueKeysWithValues: Phase.allCases.filter { ![.slowdown, .checkpoint].contains($0) }.map { phase in
        ("\(phase)", seconds.reduce(0) { $0 + $1[phase.rawValue] } / total)
      })
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var text: String {
    "\(model), batch \(batchSize), interval \(interval), \(ranks) \(ranks == 1 ? "rank" : "ranks"): "
      + "\(Int(samplesPerSecond).formattedWithCommas) samples/s (\(steps) steps in "
      + "\(seconds.formatted(decimals: 3)) s)"
  }
}
