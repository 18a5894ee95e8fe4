/// Methods whose averages arrive later than they are asked for.
extension Simulated {
  /// After the step at t = kI: x_i ← s̄ + (x_i − s_i), s_i the snapshots of (k − 1)I; nothing at k = 1. Then s_i ← x_i.
  struct DecoupledAveraging: SimulatedMethod {
    let interval: Int
    private var snapshots: [Vector]?

    init(interval: Int) { self.interval = interval }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      if let snapshots {
        let mean = snapshots.mean()
        for i in workers.all { workers.models[i] = mean + (workers.models[i] - snapshots[i]) }
      }
      snapshots = workers.models
    }
  }

  /// At a round's end v ← βv + (mean − z), z ← z + v, the mean being that of the models pulled a round before; then
  /// x_i ← x_i − α(x_i − z).
  struct OverlapLocalSGD: SimulatedMethod {
    let interval: Int
    let pull: Double
    let beta: Double
    private var anchor: (z: Vector, v: Vector)?
    private var pulled: [Vector]?

    init(interval: Int, pull: Double, beta: Double) { (self.interval, self.pull, self.beta) = (interval, pull, beta) }

    mutating func round(_ workers: inout SimulatedWorkers) {
      workers.step(times: interval)
      var (z, v) = anchor ?? (workers.problem.start, .zeros(workers.problem.start.count))
      if let pulled {
        v = beta * v + (pulled.mean() - z)
        z += v
      }
      for i in workers.all { workers.models[i] -= pull * (workers.models[i] - z) }
      (anchor, pulled) = ((z, v), workers.models)
    }
  }

  /// DiLoCo by fragments: after every I/P steps one of P fragments begins to travel as it is; V steps later, on that
  /// fragment, z takes the outer step and x_i ← αx_i + (1 − α)z.
  struct StreamingDiLoCo: SimulatedMethod {
    /// I/P.
    let steps: Int
    /// Numbers of each.
    let fragments: [Range<Int>]
    /// V.
    let delay: Int
    let mix: Double
    private var outer: [OuterNesterov]
    private var streamed: Vector?
    private var travelling: (fragment: Int, snapshots: [Vector])?
    private var index = 0

    init(steps: Int, fragments: [Range<Int>], delay: Int, mix: Double, outer: OuterNesterov) {
      (self.steps, self.fragments, self.delay, self.mix) = (steps, fragments, delay, mix)
      self.outer = fragments.map { _ in outer }
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      for step in 1...steps {
        workers.step(times: 1)
        if step == delay { arrive(&workers) }
      }
      let fragment = index % fragments.count
      travelling = (fragment, workers.models.map { part($0, fragment) })
      if delay == 0 { arrive(&workers) }
      index += 1
    }

    private func part(_ x: Vector, _ fragment: Int) -> Vector { Vector(Array(x.numbers[fragments[fragment]])) }

    private mutating func arrive(_ workers: inout SimulatedWorkers) {
      guard let (fragment, snapshots) = travelling else { return }
      travelling = nil
      var z = streamed ?? workers.problem.start
      z.numbers.replaceSubrange(
        fragments[fragment], with: outer[fragment].next(part(z, fragment), snapshots.mean()).numbers)
      for i in workers.all {
        for j in fragments[fragment] { workers.models[i][j] = mix * workers.models[i][j] + (1 - mix) * z[j] }
      }
      streamed = z
    }
  }
}
