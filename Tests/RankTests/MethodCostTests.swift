import Averaging
import MessagePassing
import Testing
import Training

extension RankTests {
  /// The formulas of docs/algorithms.md for methods of the catalog, after T steps.
  @Suite(.serialized) @MainActor
  struct MethodCostTests {
    let world = World.communicator

    private let steps = 24
    private let interval = 4

    /// Rounds that have ended, and bytes sent, for m numbers in L tensors; s is 2 where the momentum travels too.
    private func expectations(m: Int, tensors: Int) -> [(String, rounds: Int, bytes: Int)] {
      let (t, i, s) = (steps, interval, 2)
      let blocks = { (bits: Int) in 64 * ((m * bits + 511) / 512) }
      let scales = 4 * ((m + 511) / 512)
      let selected = max(1, (m + 19) / 20)
      return [
        ("psgd", t, 4 * m * t), ("pr-sgd", t / i, 4 * s * m * (t / i)), ("one-shot", 1, 4 * s * m),
        ("fedavg", t / i, 4 * m * (t / i)), ("bmuf", t / i, 4 * s * m * (t / i)),
        ("slowmo", t / i, 4 * s * m * (t / i)), ("diloco", t / i, 4 * m * (t / i)),
        ("dynamic:threshold=0", t / i, (4 * s * m + 1) * (t / i)), ("dynamic:threshold=1e9", 0, t / i),
        ("two-level:group=2", t / i, 4 * s * m * (t / i)), ("stich", t / i, 4 * s * m * (t / i)),
        ("post-local:switch=0", t / i, 4 * s * m * (t / i)), ("post-local:switch=1e6", t, 4 * s * m * t),
        ("streaming-diloco:fragments=2", 2 * t / i, 4 * m * (t / i)),
        ("cocod", t / i - 1, 4 * m * (t / i - 1)), ("overlap", t / i - 1, 4 * m * (t / i - 1)),
        ("easgd", t / i, 4 * m * (t / i)), ("vrl-sgd", t / i, 4 * s * m * (t / i)),
        ("scaffold", t / i, 4 * s * m * (t / i)), ("qsr", t / i, 4 * s * m * (t / i)),
        ("loose", t / i, 4 * s * m * (t / i)),
        ("qsgd:bits=8", t, (blocks(8) + scales) * t), ("qsgd:bits=4", t, (blocks(4) + scales) * t),
        ("qsgd:bits=2", t, (blocks(2) + scales) * t), ("terngrad", t, (blocks(2) + 4 * tensors) * t),
        ("compressed:codec=fp16", t / i, (2 * m + 3) / 4 * 4 * (t / i)),
        ("compressed:codec=int8", t / i, (blocks(8) + scales) * (t / i)),
        ("compressed:codec=sign", t / i, (blocks(1) + scales) * (t / i)),
        ("compressed:codec=topk,density=0.05", t / i, 8 * selected * (t / i)),
      ]
    }

    @Test(arguments: Scenario.Layout.allCases)
    func roundsAndBytesAreTheFormulas(layout: Scenario.Layout) throws {
      let scenario = Scenario(
        optimizer: LocalOptimizer(learningRate: 0.01, momentum: 0.9), layout: layout)
      let objective = scenario.objective(try scenario.shard(world), world)
      let m = objective.parameterCount
      for (text, rounds, bytes) in expectations(m: m, tensors: objective.segments.count) {
        var settings = MethodSettings()
        settings.schedule = FixedInterval(interval)
        (settings.workers, settings.steps) = (world.size, steps)
        settings.segments = objective.segments
        settings.learningRate = 0.01
        let method = try MethodSpecification(parsing: text).method(settings)
        let trainer = try scenario.with { $0.method = method }.trainer(world)
        for _ in 0..<steps { try trainer.step() }
        #expect(trainer.averager.rounds == rounds, "\(text)")
        #expect(trainer.averager.bytesSent + trainer.clock.bytesSent == bytes, "\(text)")
        try trainer.finish()
      }
    }
  }
}
