import Glibc

/// When the workers exchange: how many local steps each of them takes in a round, and at which rate.
public enum Schedule: Equatable, Sendable {
  /// Every worker the same number of steps, *I* in Algorithm 1.
  case every(interval: Int)
  /// Worker i takes I_i steps a round, Algorithm 3.
  case perWorker([Int])
  /// Algorithm 2: round s takes K^s steps at rate γ^s.
  case timeVarying(TimeVaryingSchedule)
  /// I_i set so that all workers finish together, from their measured step times; I_i is `mean` on average. Measured
  /// anew after rounds 1, 2, 4, 8, … and every `rounds` rounds.
  case calibrated(mean: Int, rounds: Int)
  /// Each worker steps on until all have done their minimum, found out by a nonblocking barrier, or until its maximum.
  case adaptive(minimum: Int, maximum: Int)
  /// The steps of a run that was logged: one array a round, one number a worker.
  case replay([[Int]])

  /// Whether all workers always take the same number of steps.
  public var isUniform: Bool {
    switch self {
    case .every, .timeVarying: true
    case .perWorker, .calibrated, .adaptive, .replay: false
    }
  }

  /// *I* where it is one number.
  public var interval: Int? { if case .every(let interval) = self { interval } else { nil } }
}

/// Algorithm 2's epochs: K^s = ⌊a s^{1/3} / N⌋ local steps at γ^s = min(b N / s^{2/3}, cap), s from the first with K ≥ 1.
///
/// As printed (a = b = 1), K^s is 0 for every s < N³, where γ^s is largest: those epochs do nothing, and are left out.
public struct TimeVaryingSchedule: Equatable, Sendable {
  /// N.
  public let workers: Int
  /// a.
  public let intervalScale: Double
  /// b.
  public let rateScale: Double
  /// 1/L, say.
  public let rateCap: Double

  public init(workers: Int, intervalScale: Double = 1, rateScale: Double = 1, rateCap: Double = .infinity) {
    precondition(workers > 0 && intervalScale > 0 && rateScale > 0 && rateCap > 0)
    self.workers = workers
    self.intervalScale = intervalScale
    self.rateScale = rateScale
    self.rateCap = rateCap
  }

  /// K^s: the largest k with (k N / a)³ ≤ s. Taken so, and not as a rounded-down cube root, it is exact: the cube root
  /// of 64 is 3.9999… in floating point.
  public func steps(epoch s: Int) -> Int {
    let fits = { (k: Int) in
      let ratio = Double(k * workers) / intervalScale
      return ratio * ratio * ratio <= Double(s)
    }
    var low = 0
    var high = 1
    while fits(high) { (low, high) = (high, 2 * high) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if fits(middle) { low = middle } else { high = middle }
    }
    return low
  }

  /// s₀: the first epoch with a step.
  public var firstEpoch: Int {
    var low = 0
    var high = 1
    while steps(epoch: high) == 0 { (low, high) = (high, 2 * high) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if steps(epoch: middle) == 0 { low = middle } else { high = middle }
    }
    return high
  }

  /// γ^s.
  public func learningRate(epoch s: Int) -> Double {
    let root = cbrt(Double(s))
    return min(rateScale * Double(workers) / (root * root), rateCap)
  }
}
