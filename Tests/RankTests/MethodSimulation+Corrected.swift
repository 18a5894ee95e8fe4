/// Methods that correct every local gradient.
extension Simulated {
  /// Steps with g_i − Δ_i; after k steps Δ_i ← Δ_i + (x̄ − x_i)/(kγ). With momentum β, γ/(1 − β) stands for γ.
  struct VarianceReduction: SimulatedMethod {
    let interval: Int

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      let own = workers.models
      workers.average()
      let reach = Double(interval) * workers.lastRate / (1 - workers.optimizer.momentum)
      for i in workers.all { workers.corrections[i] += (1 / reach) * (workers.models[i] - own[i]) }
    }
  }

  /// Steps with g_i − c_i + c; c_i⁺ = c_i − c + (x₀ − x_i)/(kγ); x₀ ← x₀ − η_g Δ; c ← c + (1/N) Σ_S (c_i⁺ − c_i), over those
  /// who take part; option II.
  struct Scaffold: SimulatedMethod {
    let interval: Int
    let rate: Double
    /// C of those who take part, and how they are drawn.
    let fraction: Double
    let seed: UInt64
    private var own: [Vector] = []
    private var common: Vector?
    private var index = 0

    init(interval: Int, rate: Double, fraction: Double, seed: UInt64) {
      (self.interval, self.rate, self.fraction, self.seed) = (interval, rate, fraction, seed)
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let start = workers.models[0]
      if index == 0 { own = workers.all.map { _ in .zeros(start.count) } }
      let c = common ?? .zeros(start.count)
      let members = Simulated.participants(fraction, of: workers.count, seed: seed, round: index)
      workers.corrections = own.map { $0 - c }
      for i in members { for _ in 0..<interval { workers.step(i) } }
      var next = c
      for i in members {
        let reach = Double(interval) * workers.rate(workers.steps[i] - 1) / (1 - workers.optimizer.momentum)
        let new = own[i] - c + (1 / reach) * (start - workers.models[i])
        next += (1 / Double(workers.count)) * (new - own[i])
        own[i] = new
      }
      let mean = members.map { workers.models[$0] }.mean()
      workers.setModels(start - rate * (start - mean))
      workers.averageMoments()
      common = next
      index += 1
    }
  }
}
