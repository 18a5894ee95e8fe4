import Glibc

/// Methods that differ from Algorithm 1, step-first, in when they average.
extension Simulated {
  /// Every b steps each worker tests ‖x_i − r‖² > δ, r the last average; all average if one says yes.
  struct DynamicAveraging: SimulatedMethod {
    let threshold: Double
    let check: Int
    private var reference: Vector?

    init(threshold: Double, check: Int) { (self.threshold, self.check) = (threshold, check) }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let reference = reference ?? workers.problem.start
      for _ in 0..<30 {
        workers.step(times: check)
        if workers.models.contains(where: { ($0 - reference).squaredNorm > threshold }) { break }
      }
      workers.average()
      self.reference = workers.models[0]
    }
  }

  /// I = 1 until the switch, as of the epoch that a round begins at, then I.
  struct PostLocal: SimulatedMethod {
    let switchEpoch: Double
    let interval: Int

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: workers.epoch < switchEpoch ? 1 : interval)
      workers.average()
    }
  }

  /// Every T₀ rounds I ← ⌈√(F/F₀)·I₀⌉, F the mean loss of the round's batches, F₀ that of the first round.
  struct AdaptiveCommunication: SimulatedMethod {
    let initial: Int
    let every: Int
    private var interval: Int
    private var firstLoss = 0.0
    private var index = 0

    init(initial: Int, every: Int) {
      (self.initial, self.every) = (initial, every)
      interval = initial
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      workers.average()
      let loss = workers.roundLosses.sum / Double(workers.roundLosses.count)
      if index == 0 { firstLoss = loss }
      index += 1
      if index % every == 0 { interval = Int(ceil((loss / firstLoss).squareRoot() * Double(initial))) }
    }
  }

  /// After a round, I ← I √(target/V), V = (1/N) Σ‖x̄ − x_i‖² of the averaging before, by at most a factor of two; the
  /// target is V of the first round.
  struct VarianceTriggered: SimulatedMethod {
    private var interval: Int
    private var target: Double?
    /// V of the last averaging.
    private var before: Double?

    init(interval: Int, target: Double?) { (self.interval, self.target) = (interval, target) }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      let mean = workers.models.mean()
      let variance = workers.models.reduce(0) { $0 + (mean - $1).squaredNorm } / Double(workers.count)
      workers.average()
      if let before, before > 0 {
        if target == nil { target = before }
        let ratio = (target! / before).squareRoot()
        interval = max(1, Int((Double(interval) * min(max(ratio, 0.5), 2)).rounded()))
      }
      before = variance
    }
  }

  /// I = max(I_base, ⌊(α/γ)²⌋), γ the rate as a round begins; I_base in a warm-up.
  struct QuadraticSynchronization: SimulatedMethod {
    let base: Int
    let alpha: Double
    let warmup: Double

    mutating func round(_ workers: inout SimulatedWorkers) {
      let ratio = alpha / workers.rate(workers.steps[0])
      // A little more, for squares that are whole numbers but for rounding.
      workers.step(times: workers.epoch < warmup ? base : max(base, Int(ratio * ratio + 1e-9)))
      workers.average()
    }
  }
}
