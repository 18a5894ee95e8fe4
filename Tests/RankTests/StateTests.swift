import Averaging
import Failures
import Kernels
import MessagePassing
import Models
import Persistence
import Records
import Testing
import Training

extension RankTests {
  /// The state of a run, written, read back by a run that is made anew, and gone on with, leads where the run would have gone.
  @Suite(.serialized) @MainActor
  struct StateTests {
    let world = World.communicator

    private static let adam = IdentityTests.optimizers[3]
    private static let momentum = IdentityTests.optimizers[1]

    /// Besides all that are deterministic, with keys that make them remember more.
    nonisolated static let methods =
      MethodCatalog.names(.deterministic) + [
        "bmuf:nesterov=yes", "streaming-diloco:fragments=2,delay=1", "streaming-diloco:fragments=2,delay=2",
        "compressed:codec=topk", "diloco+compressed:codec=sign", "cocod+adacomm:every=1", "overlap+variance",
        "slowmo+qsr:alpha=0.2", "fedavg:fraction=0.5", "scaffold+fedavg:fraction=0.5",
        "dynamic:threshold=0.001,check=2",
      ]

    private func scenario(_ name: String, _ optimizer: LocalOptimizer, layout: Scenario.Layout = .oneNode) throws
      -> Scenario
    {
      var rate = LearningRate(optimizer.learningRate)
      rate.pieces = [.init(epoch: 0.6, rate: optimizer.learningRate / 2)]
      return try Scenario(
        problem: "training=240,test=5,features=12,classes=3", optimizer: optimizer, learningRate: rate,
        layout: layout
      ).with(name, workers: world.size)
    }

    /// All that a run has come to.
    private func outcome(_ trainer: Trainer) -> [String] {
      let worker = trainer.worker
      let vectors =
        [worker.parameters] + [worker.momentum, worker.secondMoment].compactMap { $0 }
        + trainer.method.slots.filter { $0.owner == .worker }.map { worker[$0] }
      let (averager, clock, statistics) = (trainer.averager, trainer.clock, trainer.statistics)
      return vectors.map { "\($0.bitHash())" } + [
        "\(averager.rounds) \(averager.bytesSent) \(averager.squaredDeviation)",
        "\(clock.round) \(clock.stepsInRound) \(clock.steps) \(clock.bytesSent) \(trainer.samples)",
        "\(statistics.exchangedSamples) \(statistics.longestInterval) \(statistics.localScore)",
        "\(statistics.largestSquaredGradient) \(trainer.optimizer.learningRate) \(trainer.largestRate)",
      ]
    }

    /// Steps until a stop: after so many steps, or rounds where workers differ in their steps.
    private func advance(_ trainer: Trainer, to stop: Int) throws {
      let isUniform = trainer.method.schedule.isUniform
      while (isUniform ? trainer.steps : trainer.averager.rounds) < stop { try trainer.step() }
    }

    private func state(of object: some Persistent) throws -> [UInt8] {
      var (object, visitor) = (object, StateVisitor())
      try object.visit(&visitor)
      return visitor.bytes
    }

    private func read(_ bytes: [UInt8], into object: some Persistent) throws {
      var (object, visitor) = (object, StateVisitor(reading: bytes))
      try object.visit(&visitor)
      try visitor.finish()
    }

    @Test(arguments: methods, Scenario.Layout.allCases)
    func aRunThatStopsAnywhereGoesOnToTheSameBits(name: String, layout: Scenario.Layout) throws {
      try stopAndGoOn(try scenario(name, Self.momentum, layout: layout))
    }

    @Test(arguments: ["pr-sgd", "diloco", "fedavg", "cocod"], Scenario.Layout.allCases)
    func theMomentsOfAdamGoOnToo(name: String, layout: Scenario.Layout) throws {
      try stopAndGoOn(try scenario(name, Self.adam, layout: layout))
    }

    /// What a network of sequences drops is found again.
    @Test(arguments: ["pr-sgd", "diloco", "psgd"], Scenario.models.filter(\.takesSequences))
    func dropoutGoesOnToo(name: String, model: ModelSpecification) throws {
      let scenario = try Scenario(model: model, dropout: 0.3, optimizer: Self.adam).with(name, workers: world.size)
      try stopAndGoOn(scenario)
    }

    private func stopAndGoOn(_ scenario: Scenario) throws {
      let shard = try scenario.shard(world)
      let last = scenario.method.schedule.isUniform ? Scenario.catalogSteps : 9
      let whole = try scenario.trainer(world, shard: shard)
      try advance(whole, to: last)
      let expected = outcome(whole)
      try whole.finish()
      var trainer = try scenario.trainer(world, shard: shard)
      // The beginning, within a round, its end, where what is late is under way, and where it has arrived.
      for stop in [0, 1, 3, 6, 8, 17] where stop < last {
        try advance(trainer, to: stop)
        let bytes = try state(of: trainer)
        try trainer.finish()
        trainer = try scenario.trainer(world, shard: shard)
        try read(bytes, into: trainer)
      }
      try advance(trainer, to: last)
      #expect(outcome(trainer) == expected)
      try trainer.finish()
    }

    @Test func evaluationsGoOnToo() throws {
      var problem = QuadraticProblem()
      (problem.dimension, problem.heterogeneity, problem.spread) = (30, 2, 0.5)
      let scenario = Scenario(
        method: .stepFirst(interval: 3, momentum: .average), optimizer: LocalOptimizer(learningRate: 0.1))
      let make = { @MainActor () throws -> TrainingRun in
        let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: scenario.seed)
        let run = TrainingRun(trainer: try scenario.trainer(objective, world), communicator: world)
        run.logsGradientNorm = true
        return run
      }
      var (expected, rows): ([String], [String]) = ([], [])
      let whole = try make()
      try whole.run(RunLength(steps: 24, evaluationInterval: 6)) { row, _ in expected.append(text(row)) }
      let first = try make()
      try first.run(RunLength(steps: 12, evaluationInterval: 6)) { row, _ in rows.append(text(row)) }
      let second = try make()
      try read(try state(of: first), into: second)
      try second.run(RunLength(steps: 24, evaluationInterval: 6)) { row, _ in rows.append(text(row)) }
      #expect(rows == expected)
    }

    private func text(_ row: ConvergenceRow) -> String {
      let losses = "\(row.trainLoss) \(row.suboptimality ?? 0) \(row.consensusDistance) \(row.consensusBound ?? 0)"
      let theory = "\(row.squaredGradientNorm ?? 0) \(row.meanSquaredGradientNorm ?? 0) \(row.theoremBound ?? 0)"
      return "\(row.step) \(row.round) \(row.samples) \(row.epoch) \(row.bytesSent) \(row.interval) \(losses) \(theory)"
    }

    @Test func aStateThatIsTooShortOrTooLongIsRefused() throws {
      let scenario = try scenario("pr-sgd", Self.momentum)
      let bytes = try state(of: try scenario.trainer(world))
      for wrong in [Array(bytes.dropLast()), bytes + [0], []] {
        #expect(throws: Failure.self) { try read(wrong, into: try scenario.trainer(world)) }
      }
    }

    // MARK: Nothing is forgotten

    /// What changes in a run and needs no reading back, by property, with the reason.
    nonisolated static let derived = [
      "WorkerVectors.gradient": "found anew in every step",
      "WorkerState.node": "the other workers' vectors, which these read back themselves",
      "Averager.transport": "scratch memory; an exchange under way is begun again",
      "RoundClock.epoch": "set as a step begins",
      "RoundClock.learningRate": "set as a step begins",
      "Trainer.timer": "timings go on from what was read back", "LocalWork.timer": "the same timer",
      "Trainer.vote": "a vote that nobody heard of is repeated",
      "Trainer.samplesOfRun": "set as the run goes on, by its length",
      "TrainingRun.evaluator": "scratch memory of evaluations",
      "NetworkObjective.network": "activations; of it running statistics are visited",
      "BatchGatherer.sampler": "its position is read back without the batch that was drawn ahead",
      "BatchGatherer.hasDrawnAhead": "the batch is drawn again",
      "BatchGatherer.indices": "drawn again", "BatchGatherer.nextIndices": "drawn again",
      "BatchGatherer.places": "drawn again", "BatchGatherer.nextPlaces": "drawn again",
      "BatchGatherer.rows": "gathered again", "BatchGatherer.labels": "gathered again",
    ]

    /// Compares all stored properties of a run with those of a new run, and of one that read its state: what differs from
    /// the first must not differ from the second.
    @Test(arguments: methods)
    func whatChangesInARunIsReadBack(name: String) throws {
      let scenario = try scenario(name, Self.momentum)
      let except = Set(Self.derived.keys)
      let fresh = Leaves(try run(scenario), except: except)
      let run = try run(scenario)
      try run.run(RunLength(steps: 6, evaluationInterval: 3)) { _, _ in }
      // Within a round, with what is late under way.
      try advance(run.trainer, to: scenario.method.schedule.isUniform ? 11 : 4)
      let (bytes, reached) = (try state(of: run), Leaves(run, except: except))
      try run.trainer.finish()
      let resumed = try self.run(scenario)
      try read(bytes, into: resumed)
      let restored = Leaves(resumed, except: except)
      #expect(reached.leftOut == except, "a property is listed that there is none of")
      for (path, value) in reached.values where fresh.values[path] != value {
        #expect(restored.values[path] == value, "\(path) is neither visited nor listed as derived")
      }
      try resumed.trainer.finish()
    }

    private func run(_ scenario: Scenario) throws -> TrainingRun {
      let run = TrainingRun(trainer: try scenario.trainer(world), communicator: world)
      run.logsGradientNorm = true
      return run
    }
  }
}
