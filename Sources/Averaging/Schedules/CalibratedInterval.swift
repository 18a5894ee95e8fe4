import Persistence

/// I_i set so that all workers finish together, from their measured step times; I_i is `mean` on average. Measured anew
/// after rounds 1, 2, 4, 8, … and every `rounds` rounds.
public struct CalibratedInterval: Schedule {
  public let mean: Int
  public let rounds: Int
  /// I_i of this worker.
  private var steps: Int

  public init(mean: Int, rounds: Int) {
    precondition(mean > 0 && rounds > 0)
    self.mean = mean
    self.rounds = rounds
    // A short first round is enough to measure by.
    steps = max(1, mean / 8)
  }

  public var isUniform: Bool { false }
  public var summary: String { "interval calibrated:\(mean)" }

  public func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= steps }

  public mutating func endRound(_ clock: RoundClock) throws {
    let ended = clock.round + 1
    // Often at first: a short round measures badly.
    guard ended & (ended - 1) == 0 || ended % rounds == 0 else { return }
    steps = Self.steps(mean: mean, stepSeconds: try clock.gatherStepSeconds())[clock.rank]
  }

  /// I_i ∝ 1 / (time of a step of worker i), `mean` on average, none below 1.
  public static func steps(mean: Int, stepSeconds: [Double]) -> [Int] {
    let speeds = stepSeconds.map { 1 / max($0, 1e-9) }
    let unit = Double(mean * speeds.count) / speeds.reduce(0, +)
    return speeds.map { max(1, Int(($0 * unit).rounded())) }
  }

  public mutating func visit(_ state: inout StateVisitor) throws { try state.visit(&steps) }
}
