import Failures

/// A method while it is being made: Parallel Restarted SGD in step-first order, of which entries of the catalog replace
/// parts. Two that replace the same part do not go together.
public struct MethodDraft {
  public let settings: MethodSettings
  /// What becomes of the momentum buffers.
  public let momentum: MomentumPolicy
  private(set) var method: Method
  private var owners: [String: String] = [:]
  /// The entry that is at work.
  var entry = ""

  init(_ settings: MethodSettings, momentum: MomentumPolicy) {
    self.settings = settings
    self.momentum = momentum
    method = .stepFirst(settings.schedule, momentum: momentum, weights: settings.weights)
  }

  /// When workers exchange, as it stands.
  public var schedule: any Schedule { method.schedule }
  /// What travels, as it stands.
  public var exchange: any Exchange { method.exchange }

  public mutating func setSchedule(_ schedule: any Schedule) throws {
    try claim("when workers exchange")
    method.schedule = schedule
  }

  public mutating func setExchange(_ exchange: any Exchange) throws {
    try claim("what travels")
    method.exchange = exchange
  }

  public mutating func setUpdate(_ update: any Update) throws {
    try claim("how the result is applied")
    method.update = update
  }

  private mutating func claim(_ part: String) throws {
    if let owner = owners.updateValue(entry, forKey: part), owner != entry {
      throw Failure(.usage, "\(owner) and \(entry) do not go together: both say \(part)")
    }
  }
}
