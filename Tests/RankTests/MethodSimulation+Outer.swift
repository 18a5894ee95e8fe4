/// Methods that put another model in the place of x̄. x₀: the model that the round started from; Δ = x₀ − x̄.
extension Simulated {
  /// G = x̄ − x₀; D ← ηD + ζG; x ← x + D; the next round starts from x, or from x + ηD (Nesterov).
  struct BlockMomentum: SimulatedMethod {
    let interval: Int
    let eta: Double
    let zeta: Double
    let isNesterov: Bool
    private var state: (model: Vector, step: Vector)?

    init(interval: Int, eta: Double, zeta: Double, isNesterov: Bool) {
      (self.interval, self.eta, self.zeta, self.isNesterov) = (interval, eta, zeta, isNesterov)
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let start = workers.models[0]
      var (model, step) = state ?? (start, .zeros(start.count))
      workers.step(times: interval)
      workers.average()
      step = eta * step + zeta * (workers.models[0] - start)
      model += step
      workers.setModels(isNesterov ? model + eta * step : model)
      state = (model, step)
    }
  }

  /// u ← βu + Δ/γ; x₀ ← x₀ − αγu, γ that of the round's last step.
  struct SlowMomentum: SimulatedMethod {
    let interval: Int
    let beta: Double
    let alpha: Double
    private var buffer: Vector?

    init(interval: Int, beta: Double, alpha: Double) {
      (self.interval, self.beta, self.alpha) = (interval, beta, alpha)
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let start = workers.models[0]
      workers.step(times: interval)
      workers.average()
      let rate = workers.lastRate
      let u = beta * (buffer ?? .zeros(start.count)) + (1 / rate) * (start - workers.models[0])
      workers.setModels(start - alpha * rate * u)
      buffer = u
    }
  }

  /// The outer step of DiLoCo: v ← βv + Δ; x₀ ← x₀ − η(Δ + βv).
  struct OuterNesterov {
    let rate: Double
    let momentum: Double
    private var buffer: Vector?

    init(rate: Double, momentum: Double) { (self.rate, self.momentum) = (rate, momentum) }

    mutating func next(_ start: Vector, _ mean: Vector) -> Vector {
      let progress = start - mean
      let v = momentum * (buffer ?? .zeros(start.count)) + progress
      buffer = v
      return start - rate * (progress + momentum * v)
    }
  }

  struct DiLoCo: SimulatedMethod {
    let interval: Int
    var outer: OuterNesterov

    mutating func round(_ workers: inout SimulatedWorkers) {
      let start = workers.models[0]
      workers.step(times: interval)
      workers.average()
      workers.setModels(outer.next(start, workers.models[0]))
    }
  }

  /// x_i ← x̄ + κ_r (x_i − x̄), κ_r = κ h/(h + r) in round r = 0, 1, …
  struct Loose: SimulatedMethod {
    let interval: Int
    let keep: Double
    let half: Double
    private var index = 0

    init(interval: Int, keep: Double, half: Double) { (self.interval, self.keep, self.half) = (interval, keep, half) }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      let own = workers.models
      workers.average()
      let mean = workers.models[0]
      for i in workers.all { workers.models[i] = mean + keep * half / (half + Double(index)) * (own[i] - mean) }
      index += 1
    }
  }

  /// x_i ← x_i − α(x_i − z) and z ← z + α Σ(x_i − z), both with the values of before. The result is z.
  struct ElasticAveraging: SimulatedMethod {
    let interval: Int
    let pull: Double
    private var center: Vector?

    init(interval: Int, pull: Double) { (self.interval, self.pull) = (interval, pull) }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      let z = center ?? workers.problem.start
      center = workers.models.reduce(z) { $0 + pull * ($1 - z) }
      for i in workers.all { workers.models[i] -= pull * (workers.models[i] - z) }
    }

    func result(_ workers: SimulatedWorkers) -> Vector { center! }
  }
}
