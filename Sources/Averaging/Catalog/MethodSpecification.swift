import Failures
import Options

/// A method as a user names it: `NAME[:KEY=VALUE,…]`, or several joined by `+` where each says another part.
public struct MethodSpecification: Equatable, CustomStringConvertible, Sendable {
  private struct Part: Sendable {
    let entry: MethodEntry
    let build: MethodEntry.Build
  }

  public let description: String
  private let parts: [Part]

  /// - Throws: `Failure(.usage)` for unknown names and keys, values out of range, and parts that do not go together.
  public init(parsing text: String) throws {
    description = text
    parts = try text.split(separator: "+", omittingEmptySubsequences: false).map { part in
      let words = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let entry = try MethodCatalog.entry(named: words[0])
      let options = words.count > 1 ? words[1] : nil
      let values = try KeyedValues(parsing: options, of: entry.name, known: entry.keys.map(\.name))
      return Part(entry: entry, build: try entry.parse(values))
    }
  }

  public static func == (a: MethodSpecification, b: MethodSpecification) -> Bool { a.description == b.description }

  /// Algorithm 1 of the paper.
  public static let standard = known("pr-sgd")
  /// Parallel mini-batch SGD, which it is compared with.
  public static let parallelSGD = known("psgd")

  private static func known(_ name: String) -> MethodSpecification {
    do { return try MethodSpecification(parsing: name) } catch { preconditionFailure("\(error)") }
  }

  /// What becomes of the momentum buffers unless the user says so.
  public var momentum: MomentumPolicy { parts.compactMap(\.entry.momentum).first ?? .average }

  /// I unless the user says so.
  public var interval: Int { parts.compactMap(\.entry.interval).first ?? 8 }

  /// Without the keys.
  public var name: String { parts.map(\.entry.name).joined(separator: "+") }

  /// What holds of all parts; of what one of them does, if any does.
  public var traits: MethodEntry.Traits {
    let all = parts.map(\.entry.traits).reduce(parts[0].entry.traits) { $0.intersection($1) }
    return parts.contains { $0.entry.traits.contains(.setsRate) } ? all.union(.setsRate) : all
  }

  /// - Throws: `Failure(.usage)` for what does not go together.
  public func method(_ settings: MethodSettings) throws -> Method {
    let momentum = settings.momentum ?? self.momentum
    var draft = MethodDraft(settings, momentum: momentum)
    for part in parts {
      draft.entry = part.entry.name
      try part.build(&draft)
    }
    let method = draft.method
    if !method.schedule.isKnownAhead && method.update.moment != .afterStep {
      throw Failure(
        .usage,
        "\(name): whether a round ends shows only after the step, and the average is to come before: "
          + "use --order step-first")
    }
    if method.update.correction != nil && !settings.stepsAreProportional {
      throw Failure(.usage, "\(name) finds gradients from how far models went, which --optimizer adamw does not tell")
    }
    if !method.exchange.keepsCommonSlots && method.slots.contains(where: { $0.owner == .common }) {
      throw Failure(.usage, "\(name): an average of some workers only cannot keep what is common to all")
    }
    if (method.update.delay != .none || !method.exchange.keepsCommonSlots) && !method.schedule.isUniform {
      throw Failure(.usage, "\(name) wants all workers to take part in every round")
    }
    if method.update.wantsEqualSteps && !method.schedule.hasEqualRounds {
      throw Failure(.usage, "\(name) wants the same number of steps of all workers, not \(method.schedule.summary)")
    }
    return method
  }
}
