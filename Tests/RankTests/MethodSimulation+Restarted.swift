import Averaging
import Kernels

/// The paper's own algorithms, what it compares with, and schedules on top of Algorithm 1's steps.
extension Simulated {
  /// Algorithm 1 as printed: x_i ← ȳ − γ g_i, ȳ the mean of the models from before the step, g_i taken at x_i (equation 2).
  struct AverageFirst: SimulatedMethod {
    let interval: Int

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval - 1)
      let (before, mean) = (workers.models, workers.models.mean())
      let gradients = workers.all.map { workers.gradient($0) }
      workers.averageMoments()
      for i in workers.all { workers.descend(i, gradients[i], at: before[i], from: mean) }
    }
  }

  /// Algorithm 1 in the order in which a round ends with its average.
  struct StepFirst: SimulatedMethod {
    let interval: Int

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      workers.average()
    }
  }

  /// Algorithm 2: in epoch s ⌊a s^{1/3}/N⌋ steps at γ = min(b N/s^{2/3}, cap), from the first s with a step on.
  struct TimeVarying: SimulatedMethod {
    let intervalScale: Double
    let rateScale: Double
    let cap: Double
    private var epoch = 1

    init(intervalScale: Double, rateScale: Double, cap: Double) {
      (self.intervalScale, self.rateScale, self.cap) = (intervalScale, rateScale, cap)
    }

    private func steps(_ workers: Int) -> Int {
      var k = 0
      while cube(Double((k + 1) * workers) / intervalScale) <= Double(epoch) { k += 1 }
      return k
    }

    private func cube(_ x: Double) -> Double { x * x * x }

    mutating func round(_ workers: inout SimulatedWorkers) {
      while steps(workers.count) == 0 { epoch += 1 }
      // s^{1/3} by Newton's iteration.
      var root = 1.0
      for _ in 0..<60 { root -= (cube(root) - Double(epoch)) / (3 * root * root) }
      let rate = min(rateScale * Double(workers.count) / (root * root), cap)
      workers.rate = { _ in rate }
      workers.step(times: steps(workers.count))
      workers.average()
      epoch += 1
    }
  }

  /// Algorithm 3: worker i takes I_i steps; then an average by weights.
  struct Heterogeneous: SimulatedMethod {
    /// (round, worker)
    let intervals: [[Int]]
    let weights: AveragingWeights
    private var index = 0

    init(intervals: [[Int]], weights: AveragingWeights) { (self.intervals, self.weights) = (intervals, weights) }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let start = workers.models[0]
      let steps = intervals[index].map(Double.init)
      for i in workers.all { for _ in 0..<intervals[index][i] { workers.step(i) } }
      // Those without steps count nothing.
      let counts = zip(workers.problem.shares, steps).map { share, tau -> Double in
        guard tau > 0 else { return 0 }
        return switch weights {
        case .equal: 1
        case .steps: tau
        case .samples, .normalized: share
        }
      }
      let factors = counts.map { $0 / counts.reduce(0, +) }
      var mean = workers.models.mean(factors)
      if weights == .normalized {
        // FedNova: x₀ + τ Σ p_i (x_i − x₀)/τ_i, τ = Σ p_i τ_i.
        let tau = zip(factors, steps).reduce(0) { $0 + $1.0 * $1.1 }
        let progress = workers.all.filter { steps[$0] > 0 }
          .map { (factors[$0] / steps[$0]) * (workers.models[$0] - start) }
        mean = start + tau * progress.reduce(.zeros(start.count), +)
      }
      workers.setModels(mean)
      workers.averageMoments(Array(workers.all), factors)
      index += 1
    }
  }

  /// x ← x − γ (1/N) Σ g_i(x).
  struct ParallelSGD: SimulatedMethod {
    mutating func round(_ workers: inout SimulatedWorkers) {
      let x = workers.models[0]
      let mean = workers.all.map { workers.gradient($0) }.mean()
      for i in workers.all { workers.descend(i, mean, at: x, from: x) }
    }
  }

  /// S: ⌈C·N⌉ workers. i in S: from x₀, with fresh momentum, its steps; x₀ ← Σ_S n_i x_i / Σ_S n_i.
  struct FederatedAveraging: SimulatedMethod {
    let fraction: Double
    /// Of each worker.
    let steps: [Int]
    let seed: UInt64
    private var index = 0

    init(fraction: Double, steps: [Int], seed: UInt64) {
      (self.fraction, self.steps, self.seed) = (fraction, steps, seed)
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let members = Simulated.participants(fraction, of: workers.count, seed: seed, round: index)
      for i in members { for _ in 0..<steps[i] { workers.step(i) } }
      let samples = members.map { workers.problem.shares[$0] }
      workers.setModels(members.map { workers.models[$0] }.mean(samples.map { $0 / samples.reduce(0, +) }))
      workers.averageMoments()
      index += 1
    }
  }

  /// The first ⌈C·N⌉ of all workers, shuffled by seed and round.
  static func participants(_ fraction: Double, of workers: Int, seed: UInt64, round: Int) -> [Int] {
    var random = RandomSource(seed: seed, purpose: .participation, position: round)
    var order = Array(0..<workers)
    for last in stride(from: workers - 1, to: 0, by: -1) { order.swapAt(last, random.nextIndex(below: last + 1)) }
    return order.prefix(Int((fraction * Double(workers)).rounded(.up))).sorted()
  }

  /// x_i ← the mean over the group; in every I₂-th round over all.
  struct TwoLevels: SimulatedMethod {
    let interval: Int
    /// Workers of a group, by rank.
    let group: Int
    /// I₂.
    let outer: Int
    private var index = 0

    init(interval: Int, group: Int, outer: Int) {
      (self.interval, self.group, self.outer) = (interval, group, outer)
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      index += 1
      let size = index % outer == 0 ? workers.count : group
      for first in stride(from: 0, to: workers.count, by: size) {
        let members = Array(first..<min(first + size, workers.count))
        let mean = members.map { workers.models[$0] }.mean()
        for i in members { workers.models[i] = mean }
        workers.averageMoments(members, members.map { _ in 1 / Double(members.count) })
      }
    }
  }

  /// γ_t = c/(a + t); the result is the mean of x̄_t, t = 0 … T − 1, with weights (a + t)².
  struct StronglyConvex: SimulatedMethod {
    let interval: Int
    let shift: Double
    let scale: Double
    private var weighted: Vector?
    private var total = 0.0

    init(interval: Int, shift: Double, scale: Double) {
      (self.interval, self.shift, self.scale) = (interval, shift, scale)
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let (a, c) = (shift, scale)
      workers.rate = { t in c / (a + Double(t)) }
      for _ in 0..<interval {
        let weight = (a + Double(workers.steps[0])) * (a + Double(workers.steps[0]))
        weighted = (weighted ?? .zeros(workers.models[0].count)) + weight * workers.models.mean()
        total += weight
        workers.step(times: 1)
      }
      workers.average()
    }

    func result(_ workers: SimulatedWorkers) -> Vector { (1 / total) * weighted! }
  }
}
