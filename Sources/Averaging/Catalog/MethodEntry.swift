import Options

/// What the catalog says of a method, and how it is made. A method is a file that makes one of these, and a line in
/// `MethodCatalog`.
public struct MethodEntry: Sendable {
  /// Where a method comes from.
  public enum Family: String, CaseIterable, Sendable {
    case restarted = "The paper's own"
    case compared = "Compared with or cited by the paper"
    case beyond = "Beyond"
  }

  /// An option of a method, `KEY=VALUE` after its name.
  public struct Key: Sendable {
    public let name: String
    /// What it is unless given; in words where it depends on other options.
    public let standard: String
    public let meaning: String

    public init(_ name: String, _ standard: String, _ meaning: String) {
      self.name = name
      self.standard = standard
      self.meaning = meaning
    }
  }

  /// What holds of a method in general; tests hold it to each.
  public struct Traits: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// With one worker it is serial SGD, to the bit.
    public static let serialAlone = Traits(rawValue: 1)
    /// After a round all workers have the same model.
    public static let equalReplicas = Traits(rawValue: 2)
    /// A round's exchange leaves Σ x_i as it is.
    public static let preservesMean = Traits(rawValue: 4)
    /// The same command gives the same bits.
    public static let deterministic = Traits(rawValue: 8)
    /// It sets γ itself.
    public static let setsRate = Traits(rawValue: 16)
    /// Workers may take different numbers of steps in a round.
    public static let unevenSteps = Traits(rawValue: 32)
  }

  /// Makes the method's part of a draft.
  public typealias Build = @Sendable (inout MethodDraft) throws -> Void

  public let name: String
  public let family: Family
  /// One line: what it does.
  public let summary: String
  public let citation: String
  public let keys: [Key]
  public let traits: Traits
  /// What becomes of the momentum buffers unless the user says so.
  public let momentum: MomentumPolicy?
  /// I unless the user says so.
  public let interval: Int?
  /// Its equations in plain text, what it costs, what it is good for, and when not to use it.
  public let explanation: String
  let parse: @Sendable (KeyedValues) throws -> Build

  /// - Parameter parse: reads the keys, and refuses what they may not be, before anything else is known.
  public init(
    name: String, family: Family, summary: String, citation: String, keys: [Key] = [], traits: Traits,
    momentum: MomentumPolicy? = nil, interval: Int? = nil, explanation: String,
    parse: @escaping @Sendable (KeyedValues) throws -> Build
  ) {
    self.name = name
    self.family = family
    self.summary = summary
    self.citation = citation
    self.keys = keys
    self.traits = traits
    self.momentum = momentum
    self.interval = interval
    self.explanation = explanation
    self.parse = parse
  }
}
