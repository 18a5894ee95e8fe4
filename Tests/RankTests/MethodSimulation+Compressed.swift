import Averaging

/// Methods that pack what travels.
extension Simulated {
  /// x ← x − γ (1/N) Σ Q(g_i).
  struct CompressedGradients: SimulatedMethod {
    let quantize: SimulatedCodec
    private var index = 0

    init(_ quantize: @escaping SimulatedCodec) { self.quantize = quantize }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let gradients = workers.all.map { workers.gradient($0) }
      let x = workers.models[0]
      let mean = quantize(gradients, index).mean()
      for i in workers.all { workers.descend(i, mean, at: x, from: x) }
      index += 1
    }
  }

  /// x̄ = x₀ + (1/N) Σ C(x_i − x₀ + e_i), e_i ← what C left out; then an outer step, if any.
  struct CompressedAveraging: SimulatedMethod {
    let interval: Int
    let hasFeedback: Bool
    let codec: SimulatedCodec
    var outer: OuterNesterov?
    private var start: Vector?
    private var residuals: [Vector]?
    private var index = 0

    init(interval: Int, hasFeedback: Bool, outer: OuterNesterov? = nil, _ codec: @escaping SimulatedCodec) {
      (self.interval, self.hasFeedback, self.outer, self.codec) = (interval, hasFeedback, outer, codec)
    }

    mutating func round(_ workers: inout SimulatedWorkers) {
      let start = workers.models[0]
      workers.step(times: interval)
      var progress = workers.models.map { $0 - start }
      if let residuals { progress = zip(progress, residuals).map { $0 + $1 } }
      let decoded = codec(progress, index)
      if hasFeedback { residuals = zip(progress, decoded).map { $0 - $1 } }
      let mean = start + decoded.mean()
      workers.setModels(outer?.next(start, mean) ?? mean)
      workers.averageMoments()
      index += 1
    }
  }
}
