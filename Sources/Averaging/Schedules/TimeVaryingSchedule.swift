import Glibc

/// Algorithm 2's epochs: K^s = ⌊a s^{1/3} / N⌋ local steps at γ^s = min(b N / s^{2/3}, cap), s from the first with K ≥ 1.
///
/// As printed (a = b = 1), K^s is 0 for every s < N³, where γ^s is largest: those epochs do nothing, and are left out.
public struct TimeVaryingSchedule: Schedule {
  /// N.
  public let workers: Int
  /// a.
  public let intervalScale: Double
  /// b.
  public let rateScale: Double
  /// 1/L, say.
  public let rateCap: Double
  /// s₀: the first epoch with a step.
  public let firstEpoch: Int

  public init(workers: Int, intervalScale: Double = 1, rateScale: Double = 1, rateCap: Double = .infinity) {
    precondition(workers > 0 && intervalScale > 0 && rateScale > 0 && rateCap > 0)
    self.workers = workers
    self.intervalScale = intervalScale
    self.rateScale = rateScale
    self.rateCap = rateCap
    let hasStep = { (s: Int) in Self.steps(epoch: s, workers, intervalScale) > 0 }
    firstEpoch = Self.largest { !hasStep($0) } + 1
  }

  public var summary: String { "intervals from epoch \(firstEpoch) on" }

  public func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= steps(epoch: firstEpoch + clock.round) }

  public func learningRate(_ clock: RoundClock) -> Double? { learningRate(epoch: firstEpoch + clock.round) }

  /// K^s: the largest k with (k N / a)³ ≤ s. Taken so, and not as a rounded-down cube root, it is exact: the cube root
  /// of 64 is 3.9999… in floating point.
  public func steps(epoch s: Int) -> Int { Self.steps(epoch: s, workers, intervalScale) }

  private static func steps(epoch s: Int, _ workers: Int, _ intervalScale: Double) -> Int {
    largest { k in
      let ratio = Double(k * workers) / intervalScale
      return ratio * ratio * ratio <= Double(s)
    }
  }

  /// The largest number for which `holds` does, which holds of 0 and of all up to that number.
  private static func largest(_ holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = 1
    while holds(high) { (low, high) = (high, 2 * high) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if holds(middle) { low = middle } else { high = middle }
    }
    return low
  }

  /// γ^s.
  public func learningRate(epoch s: Int) -> Double {
    let root = cbrt(Double(s))
    return min(rateScale * Double(workers) / (root * root), rateCap)
  }
}
