/// A vector as long as the model that a method asks for besides the model, its momentum and its gradient.
public struct Slot: Hashable, Sendable {
  /// Whose it is.
  public enum Owner: Sendable {
    /// Each worker has one of its own; where workers share memory, all of them see it.
    case worker
    /// All workers have the same. A rank holds the part of it that it writes: all of it where numbers travel, its slice
    /// where workers share memory.
    case common
  }

  /// What it holds at the beginning.
  public enum Start: Sendable { case zero, model }

  public let name: String
  public let owner: Owner
  public let start: Start

  public init(_ name: String, _ owner: Owner, startsAs start: Start = .zero) {
    self.name = name
    self.owner = owner
    self.start = start
  }

  /// x₀: the model that the round began with. Where a method asks for it, it is kept up to date by the averaging.
  public static let anchor = Slot("anchor", .common, startsAs: .model)
}
