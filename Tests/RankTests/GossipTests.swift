import Averaging
import CAllocationCount
import Kernels
import MessagePassing
import Testing
import Training

extension RankTests {
  /// D-PSGD: each worker averages with its neighbours in a graph.
  @Suite(.serialized) @MainActor
  struct GossipTests {
    let world = World.communicator

    nonisolated static let optimizers = [
      LocalOptimizer(learningRate: 0.1),
      LocalOptimizer(learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3),
    ]

    private func method(
      _ graph: MixingGraph, interval: Int = 1, momentum: MomentumPolicy = .local, overlapped: Bool = true
    ) -> Method {
      Method(
        schedule: FixedInterval(interval), exchange: NeighbourAverage(graph, carriesMomentum: momentum == .average),
        update: AverageThenStep(momentum: momentum, overlapped: overlapped))
    }

    /// W by the graphs' definitions: j is a neighbour of i if it is so many workers away, around either way.
    private func weights(_ graph: MixingGraph, _ workers: Int) -> [[Double]] {
      (0..<workers).map { i in
        let counts = (0..<workers).map { j in
          let away = min((i - j + workers) % workers, (j - i + workers) % workers)
          let longer = workers - away
          let counts =
            switch graph {
            case .ring: away <= 1
            case .exponential: away == 0 || away & (away - 1) == 0 || longer & (longer - 1) == 0
            case .complete: true
            }
          return counts ? 1.0 : 0
        }
        return counts.map { $0 / counts.reduce(0, +) }
      }
    }

    @Test(arguments: MixingGraph.allCases, 1...33)
    func weightsAreSymmetricAndAddUpToOne(graph: MixingGraph, workers: Int) {
      let weights = weights(graph, workers)
      for i in 0..<workers {
        let neighbours = graph.neighbours(of: i, among: workers)
        #expect(neighbours == (0..<workers).filter { $0 != i && weights[i][$0] > 0 })
        #expect(neighbours.allSatisfy { graph.neighbours(of: $0, among: workers).contains(i) })
        #expect(abs(weights.map { $0[i] }.reduce(0, +) - 1) < 1e-12)
      }
    }

    private static let problem: QuadraticProblem = {
      var problem = QuadraticProblem()
      (problem.dimension, problem.noise, problem.heterogeneity, problem.spread) = (37, 0, 2, 0.5)
      return problem
    }()

    private func objective(_ scenario: Scenario) -> QuadraticObjective {
      QuadraticObjective(Self.problem, worker: world.rank, of: world.size, seed: scenario.seed)
    }

    @Test(arguments: MixingGraph.allCases, MomentumPolicy.allCases)
    func quadraticsFollowTheDefinitionStepByStep(graph: MixingGraph, policy: MomentumPolicy) throws {
      let (rate, momentum, interval) = (0.1, 0.8, 2)
      let scenario = Scenario(
        method: method(graph, interval: interval, momentum: policy),
        optimizer: LocalOptimizer(learningRate: rate, momentum: momentum))
      let trainer = try scenario.trainer(objective(scenario), world)
      let (n, weights) = (world.size, weights(graph, world.size))
      let centers = (0..<n).map { Self.problem.center(worker: $0, seed: scenario.seed) }
      var models = (0..<n).map { _ in [Double](repeating: 0, count: 37) }
      var buffers = models
      let mixed = { (vectors: [[Double]]) in
        weights.map { row in (0..<37).map { j in (0..<n).reduce(0) { $0 + row[$1] * vectors[$1][j] } } }
      }
      for step in 1...24 {
        let gradients = (0..<n).map { i in
          (0..<37).map {
            Self.problem.scale(worker: i, of: n) * Self.problem.curvature($0) * (models[i][$0] - centers[i][$0])
          }
        }
        if step % interval == 0 {
          models = mixed(models)
          switch policy {
          case .average: buffers = mixed(buffers)
          case .reset: buffers = buffers.map { $0.map { _ in 0 } }
          case .local: break
          }
        }
        for i in 0..<n {
          for j in 0..<37 {
            buffers[i][j] = momentum * buffers[i][j] + gradients[i][j]
            models[i][j] -= rate * buffers[i][j]
          }
        }
        try trainer.step()
        let distance = relativeDistance(trainer.worker.parameters.doubles, models[world.rank])
        #expect(distance < 1e-5, "step \(step)")
      }
    }

    @Test(arguments: optimizers, [MomentumPolicy.local, .average])
    func theCompleteGraphIsAveragingFirstAtEveryStep(optimizer: LocalOptimizer, policy: MomentumPolicy) throws {
      let scenario = Scenario(method: method(.complete, momentum: policy), optimizer: optimizer)
      let gossip = try scenario.trainer(world)
      let restarted = try scenario.with {
        $0.method = .averageFirst(interval: 1, momentum: policy, overlapped: true)
      }.trainer(world)
      for _ in 0..<12 {
        try gossip.step()
        try restarted.step()
        let distance = relativeDistance(gossip.worker.parameters.doubles, restarted.worker.parameters.doubles)
        #expect(distance < 1e-5)
      }
    }

    @Test(arguments: MixingGraph.allCases, optimizers)
    func oneWorkerIsSerialSGDToTheBit(graph: MixingGraph, optimizer: LocalOptimizer) throws {
      let scenario = Scenario(method: method(graph), optimizer: optimizer)
      let gossip = try scenario.trainer(World.alone)
      let serial = try scenario.with { $0.method = .parallelSGD }.trainer(World.alone)
      for _ in 0..<12 {
        try gossip.step()
        try serial.step()
        #expect(gossip.worker.parameters.bits == serial.worker.parameters.bits)
      }
    }

    @Test(arguments: MixingGraph.allCases)
    func overlappingChangesNoBit(graph: MixingGraph) throws {
      let overlapped = try Scenario(method: method(graph)).trainer(world)
      let blocking = try Scenario(method: method(graph, overlapped: false)).trainer(world)
      for _ in 0..<12 {
        try overlapped.step()
        try blocking.step()
        #expect(overlapped.worker.parameters.bits == blocking.worker.parameters.bits)
      }
    }

    @Test(arguments: MixingGraph.allCases)
    func anExchangePreservesTheSumOfTheModels(graph: MixingGraph) throws {
      // At rate 0 a step is an exchange alone.
      let trainer = try Scenario(method: method(graph), optimizer: LocalOptimizer(learningRate: 0)).trainer(world)
      var random = RandomSource(seed: 3, purpose: .benchmark, index: world.rank)
      for i in 0..<trainer.worker.parameters.count {
        trainer.worker.parameters.pointer[i] = Float(random.nextNormal())
      }
      let before = try world.allReduce(trainer.worker.parameters.doubles, .sum)
      for _ in 0..<10 { try trainer.step() }
      let after = try world.allReduce(trainer.worker.parameters.doubles, .sum)
      #expect(relativeDistance(after, before) < 1e-5)
      let bytes = 10 * 4 * trainer.worker.parameters.count
      #expect(trainer.averager.bytesSent == bytes * graph.neighbours(of: world.rank, among: world.size).count)
    }

    @Test func divergenceOfOneRankStopsAllAtTheNextAgreement() throws {
      let trainer = try Scenario(method: method(.ring)).trainer(world)
      if world.rank == world.size / 2 { trainer.worker.parameters.pointer[0] = .nan }
      for _ in 0..<5 { try trainer.step() }
      #expect(throws: AgreedFailure.self) { try trainer.agreeOnStatus() }
    }

    @Test(arguments: MixingGraph.allCases)
    func aThousandStepsAllocateNothing(graph: MixingGraph) throws {
      let trainer = try Scenario(method: method(graph, momentum: .average)).trainer(world)
      for _ in 0..<16 { try trainer.step() }
      callocationcount_start()
      for _ in 0..<1000 { try trainer.step() }
      #expect(callocationcount_stop() == 0)
    }
  }
}
