import Averaging
import Kernels
import MessagePassing
import Models
import Testing
import Training

extension RankTests {
  /// The identities that hold of the methods of the catalog by their traits: a new method is in them without a line.
  @Suite(.serialized) @MainActor
  struct CatalogIdentityTests {
    let world = World.communicator

    nonisolated static let deterministic = MethodCatalog.names(.deterministic)

    // MARK: One worker

    @Test(arguments: MethodCatalog.names(.serialAlone), IdentityTests.optimizers)
    func oneWorkerIsSerialSGDToTheBit(name: String, optimizer: LocalOptimizer) throws {
      // The others would do the same.
      guard world.isRoot else { return }
      for model in Scenario.models {
        let scenario = try Scenario(model: model, optimizer: optimizer).with(name, workers: 1)
        guard scenario.fits else { continue }
        let trainer = try scenario.trainer(World.alone)
        var serial = try SerialSGD(scenario, World.alone)
        for step in 1...Scenario.catalogSteps {
          try trainer.step()
          try serial.step()
          #expect(trainer.worker.parameters.bitHash() == serial.parameters.bitHash(), "step \(step)")
        }
        try trainer.finish()
        #expect(trainer.worker.parameters.bits == serial.parameters.bits)
      }
    }

    // MARK: The mean

    /// Without gradients an exchange is all that moves models.
    @Test(arguments: MethodCatalog.names(.preservesMean), Scenario.Layout.allCases)
    func exchangesPreserveTheSumOfTheModels(name: String, layout: Scenario.Layout) throws {
      var problem = QuadraticProblem()
      (problem.dimension, problem.smoothness, problem.noise) = (50, 0, 0)
      let scenario = try Scenario(optimizer: LocalOptimizer(learningRate: 0.1), layout: layout)
        .with(name, workers: world.size)
      let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: scenario.seed)
      let trainer = try scenario.trainer(objective, world)
      var random = RandomSource(seed: 3, purpose: .benchmark, index: world.rank)
      let x = trainer.worker.parameters
      for j in 0..<x.count { x.pointer[j] = Float(random.nextNormal()) }
      let (own, before) = (x.bits, try world.allReduce(x.doubles, .sum))
      for _ in 0..<Scenario.catalogSteps { try trainer.step() }
      try trainer.finish()
      try trainer.agreeOnStatus()
      #expect(relativeDistance(try world.allReduce(x.doubles, .sum), before) < 1e-5)
      let changed = try world.allReduce(Int64(x.bits == own ? 0 : 1), .maximum) > 0
      #expect(changed == (world.size > 1), "models travel")
    }

    // MARK: Replicas

    private func areEqual(_ vectors: ParameterVector?...) throws -> Bool {
      let hashes = try world.allGather(vectors.compactMap { $0 }.map { Int64(bitPattern: $0.bitHash()) })
      return Set(hashes).count == 1
    }

    @Test(arguments: MethodCatalog.names(.equalReplicas), [IdentityTests.optimizers[1], IdentityTests.optimizers[3]])
    func replicasAreEqualAfterARound(name: String, optimizer: LocalOptimizer) throws {
      let settings = Scenario.models.dropFirst().flatMap { model in Scenario.Layout.allCases.map { (model, $0) } }
      for (model, layout) in settings {
        let scenario = try Scenario(model: model, optimizer: optimizer, layout: layout).with(name, workers: world.size)
        guard scenario.fits else { continue }
        let trainer = try scenario.trainer(world)
        var rounds = 0
        for step in 1...Scenario.catalogSteps {
          try trainer.step()
          guard trainer.averager.rounds > rounds else { continue }
          rounds = trainer.averager.rounds
          let worker = trainer.worker
          let haveLocalMoments =
            scenario.method.update.momentum == .local && scenario.method.update.moment == .afterStep
          let equal =
            try haveLocalMoments
            ? areEqual(worker.parameters) : areEqual(worker.parameters, worker.momentum, worker.secondMoment)
          #expect(equal, "step \(step)")
        }
        #expect(rounds > 0)
      }
    }

    // MARK: The same, otherwise

    private func run(_ scenario: Scenario) throws -> ParameterVector { try run(scenario.trainer(world)) }

    private func run(_ trainer: Trainer) throws -> ParameterVector {
      for _ in 0..<Scenario.catalogSteps { try trainer.step() }
      try trainer.finish()
      return trainer.worker.parameters
    }

    /// With two workers a sum has one order only.
    @Test(arguments: deterministic)
    func averagingInSharedMemoryIsAveragingByMessages(name: String) throws {
      for model in Scenario.models.dropFirst() {
        let scenario = try Scenario(model: model).with(name, workers: world.size)
        let sharing = try run(scenario)
        let sending = try run(scenario.with { $0.layout = .messages })
        if world.size <= 2 {
          #expect(sharing.bits == sending.bits)
        } else {
          #expect(relativeDistance(sharing.doubles, sending.doubles) < 1e-4)
        }
      }
    }

    /// Fewer numbers than fill a SIMD vector, or than a method has fragments.
    @Test(arguments: deterministic, [1, 20])
    func aShortModelIsAveragedAlikeEverywhere(name: String, dimension: Int) throws {
      let models = try Scenario.Layout.allCases.map { layout in
        let scenario = try Scenario(layout: layout).with(name, workers: world.size) { $0.segments = [0..<dimension] }
        let objective = QuadraticObjective(
          quadratic(dimension), worker: world.rank, of: world.size, seed: scenario.seed)
        return try run(scenario.trainer(objective, world)).doubles
      }
      for model in models.dropFirst() { #expect(relativeDistance(model, models[0]) < 1e-4) }
    }

    @Test(arguments: deterministic, Scenario.Layout.allCases)
    func theSameCommandGivesTheSameBits(name: String, layout: Scenario.Layout) throws {
      let scenario = try Scenario(layout: layout).with(name, workers: world.size)
      let first = try run(scenario).bits
      let second = try run(scenario).bits
      #expect(first == second)
    }

    // MARK: Corrections of drift

    nonisolated static let corrections = MethodCatalog.names([]).filter { name in
      let method = try? Scenario().with(name, workers: 1).method
      return method?.update.correction != nil
    }

    @Test(arguments: corrections + ["scaffold+fedavg:fraction=0.5"], Scenario.Layout.allCases)
    func correctionsAddUpToNothing(name: String, layout: Scenario.Layout) throws {
      let scenario = try Scenario(problem: "training=240,test=5,features=12,classes=3", layout: layout)
        .with(name, workers: world.size)
      let trainer = try scenario.trainer(world)
      for round in 1...6 {
        while trainer.averager.rounds < round { try trainer.step() }
        let own = trainer.worker[scenario.method.update.correction!].doubles
        let sum = Vector(try world.allReduce(own, .sum))
        let size = try world.allReduce(Vector(own).squaredNorm, .sum)
        #expect(sum.squaredNorm <= 1e-8 * size)
        #expect((size > 0) == (world.size > 1))
      }
    }

    // MARK: Compression

    private func quadratic(_ dimension: Int) -> QuadraticProblem {
      var problem = QuadraticProblem()
      (problem.dimension, problem.noise, problem.heterogeneity, problem.spread) = (dimension, 0, 2, 0.5)
      return problem
    }

    /// What was sent and what is carried over add up to what is true: with an average after every step of plain SGD, x̄ + ē
    /// goes the mean of the workers' steps.
    @Test(arguments: ["fp16", "bf16", "int8", "topk", "sign", "identity"])
    func whatIsSentAndWhatIsCarriedOverAddUp(codec: String) throws {
      let rate = 0.1
      let scenario = try Scenario(optimizer: LocalOptimizer(learningRate: rate))
        .with("compressed:codec=\(codec)", workers: world.size) { $0.schedule = FixedInterval(1) }
      let objective = QuadraticObjective(quadratic(600), worker: world.rank, of: world.size, seed: scenario.seed)
      let trainer = try scenario.trainer(objective, world)
      let carried = scenario.method.slots.first { $0.owner == .worker }!
      let mean = { (own: [Double]) in (1 / Double(self.world.size)) * Vector(try self.world.allReduce(own, .sum)) }
      for step in 1...10 {
        let x = trainer.worker.parameters
        let before = try mean(x.doubles) + mean(trainer.worker[carried].doubles)
        let gradient = try mean((0..<x.count).map { Double(objective.derivative(at: x, $0)) })
        try trainer.step()
        let after = try mean(x.doubles) + mean(trainer.worker[carried].doubles)
        #expect(relativeDistance(after.numbers, (before - rate * gradient).numbers) < 1e-5, "step \(step)")
      }
    }

    /// E[Q(v)] = v: models that hardly move add up independent draws of nearly the same gradients.
    @Test(arguments: [("qsgd:bits=8", 127.0), ("qsgd:bits=4", 7), ("qsgd:bits=2", 1), ("terngrad:clip=0", 1)])
    func packedGradientsAreUnbiased(name: String, levels: Double) throws {
      let (rate, steps) = (1e-7, 200)
      let scenario = try Scenario(optimizer: LocalOptimizer(learningRate: rate)).with(name, workers: world.size) {
        $0.segments = [0..<30]
      }
      let objective = QuadraticObjective(quadratic(30), worker: world.rank, of: world.size, seed: scenario.seed)
      let trainer = try scenario.trainer(objective, world)
      let x = trainer.worker.parameters
      let own = (0..<30).map { Double(objective.derivative(at: x, $0)) }
      let gradient = try world.allReduce(own, .sum).map { $0 / Double(world.size) }
      let norm = try world.allReduce(Vector(own).squaredNorm.squareRoot(), .maximum)
      for _ in 0..<steps { try trainer.step() }
      // No draw is off by more than a level: its deviation is half of that at most.
      let deviation = norm / levels / 2 / Double(steps * world.size).squareRoot()
      for (found, expected) in zip(x.doubles, gradient) {
        #expect(abs(-found / (rate * Double(steps)) - expected) < 5 * deviation + 1e-4 * norm)
      }
    }

    // MARK: Workers without a step

    nonisolated static let weighted: [(name: String, weights: AveragingWeights)] =
      MethodCatalog.names(.unevenSteps).map { ($0, AveragingWeights.equal) }
      + AveragingWeights.allCases.dropFirst().map { ("pr-sgd-het", $0) }

    /// The others' models are what they would be without it.
    @Test(arguments: weighted, Scenario.Layout.allCases)
    func aWorkerWithoutStepsChangesNothing(given: (name: String, weights: AveragingWeights), layout: Scenario.Layout)
      throws
    {
      let steps = (0..<world.size).map { $0 % 3 == 1 ? 0 : 1 + $0 % 2 }
      let working = try trainer(given, steps, layout, world)
      let others = try world.split(color: steps[world.rank] > 0 ? 0 : nil)
      let alone = try others.map { try trainer(given, steps.filter { $0 > 0 }, layout, $0) }
      for round in 1...5 {
        while working.averager.rounds < round { try working.step() }
        if let alone {
          while alone.averager.rounds < round { try alone.step() }
          let distance = relativeDistance(working.worker.parameters.doubles, alone.worker.parameters.doubles)
          #expect(distance < 1e-6, "round \(round)")
        }
        let everywhere = try areEqual(working.worker.parameters)
        #expect(everywhere || given.name == "loose")
      }
      #expect(working.steps == 5 * steps[world.rank])
      #expect(working.worker.parameters.squaredNorm().isFinite)
    }

    private func trainer(
      _ given: (name: String, weights: AveragingWeights), _ steps: [Int], _ layout: Scenario.Layout,
      _ communicator: Communicator
    ) throws -> Trainer {
      let scenario = try Scenario(layout: layout).with(given.name, workers: communicator.size) {
        $0.schedule = IntervalPerWorker(steps)
        $0.weights = given.weights
      }
      let objective = QuadraticObjective(quadratic(50), worker: world.rank, of: world.size, seed: scenario.seed)
      return try scenario.trainer(objective, communicator)
    }
  }
}
