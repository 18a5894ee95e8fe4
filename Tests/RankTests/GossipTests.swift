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

    @Test(arguments: MixingGraph.allCases, 1...33)
    func weightsAreSymmetricAndAddUpToOne(graph: MixingGraph, workers: Int) {
      let weights = Simulated.Gossip.weights(graph, workers)
      for i in 0..<workers {
        let neighbours = graph.neighbours(of: i, among: workers)
        #expect(neighbours == (0..<workers).filter { $0 != i && weights[i][$0] > 0 })
        #expect(neighbours.allSatisfy { graph.neighbours(of: $0, among: workers).contains(i) })
        #expect(abs(weights.map { $0[i] }.reduce(0, +) - 1) < 1e-12)
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
