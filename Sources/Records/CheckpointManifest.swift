import Failures
import FoundationEssentials

/// What a checkpoint holds, and what the bits of a run that goes on from it depend on; written after all parts.
public struct CheckpointManifest: Codable, Equatable, Sendable {
  static let currentVersion = 1
  /// Counts go on from those that are read.
  private static let largestNumber = 1 << 53

  public var version = Self.currentVersion
  /// Local steps that every worker has done, and samples that all have used.
  public var step: Int
  public var samples: Int
  /// Whatever the bits depend on, by name.
  public var conditions: [String: String]
  public var logs: ConvergenceLog.Position
  /// Of each rank.
  public var parts: [CheckpointPart.Digest]
  /// Of what another number of ranks can go on from.
  public var mean: CheckpointPart.Digest

  public init(
    step: Int, samples: Int, conditions: [String: String], logs: ConvergenceLog.Position,
    parts: [CheckpointPart.Digest], mean: CheckpointPart.Digest
  ) {
    (self.step, self.samples, self.conditions) = (step, samples, conditions)
    (self.logs, self.parts, self.mean) = (logs, parts, mean)
  }

  /// What differs between a run that would go on and the one that was saved, a line each.
  public func differences(to own: [String: String]) -> [String] {
    Set(conditions.keys).union(own.keys).sorted().compactMap { name in
      let (then, now) = (conditions[name], own[name])
      return then == now ? nil : "\(name): \(then ?? "not given") then, \(now ?? "not given") now"
    }
  }

  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
  }

  /// - Throws: `Failure(.inputOutput)` where it cannot be read, `Failure(.badData)` where it is not one.
  init(reading path: String) throws {
    let bytes = try WholeFile.read(path)
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    } catch {
      throw Failure(.badData, "\(path): is damaged, or no manifest of a checkpoint")
    }
    guard version == Self.currentVersion else {
      throw Failure(.badData, "\(path): its version is \(version), and this program reads \(Self.currentVersion)")
    }
    let numbers =
      [step, samples, logs.convergence, logs.workers, logs.intervals ?? 0, logs.rounds, mean.bytes]
      + parts.map(\.bytes)
    if let wrong = numbers.first(where: { !(0...Self.largestNumber).contains($0) }) {
      throw Failure(.badData, "\(path): has a number that no run comes to: \(wrong)")
    }
  }
}
