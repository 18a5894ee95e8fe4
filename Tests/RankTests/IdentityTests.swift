import Averaging
import Kernels
import MessagePassing
import Models
import Testing
import Training

extension RankTests {
  /// The identities that relate the methods to each other, to serial SGD and to the theory.
  @Suite(.serialized) @MainActor
  struct IdentityTests {
    let world = World.communicator

    nonisolated static let methods: [Method] =
      [.parallelSGD]
      + [3, 1].flatMap { interval in
        [MomentumPolicy.average, .local].flatMap { policy in
          [
            Method.averageFirst(interval: interval, momentum: policy, overlapped: true),
            .averageFirst(interval: interval, momentum: policy, overlapped: false),
            .stepFirst(interval: interval, momentum: policy),
          ]
        }
      }

    nonisolated static let optimizers = [
      LocalOptimizer(learningRate: 0.1),
      LocalOptimizer(learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3),
      LocalOptimizer(learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3, isNesterov: true),
      .adamW(learningRate: 0.01, beta1: 0.8, beta2: 0.9, weightDecay: 0.1),
    ]

    /// Those whose moments are sums of gradients, so that the mean of the moments is the moment of the mean.
    nonisolated static var linearOptimizers: [LocalOptimizer] { optimizers.filter { $0.moments < 2 } }

    @Test(arguments: methods, optimizers)
    func oneWorkerIsSerialSGDToTheBit(method: Method, optimizer: LocalOptimizer) throws {
      // The others would do the same.
      guard world.isRoot else { return }
      for model in Scenario.models {
        let scenario = Scenario(model: model, method: method, optimizer: optimizer)
        let trainer = try scenario.trainer(World.alone)
        var serial = try SerialSGD(scenario, World.alone)
        for _ in 0..<10 {
          try trainer.step()
          try serial.step()
        }
        #expect(trainer.worker.parameters.bits == serial.parameters.bits)
      }
    }

    @Test(arguments: linearOptimizers)
    func averagingAfterEveryStepIsParallelSGD(optimizer: LocalOptimizer) throws {
      let averaged = try Scenario(method: .stepFirst(interval: 1, momentum: .average), optimizer: optimizer)
        .trainer(world)
      let parallel = try Scenario(method: .parallelSGD, optimizer: optimizer).trainer(world)
      for step in 1...12 {
        try averaged.step()
        try parallel.step()
        let distance = relativeDistance(averaged.worker.parameters.doubles, parallel.worker.parameters.doubles)
        #expect(distance < 1e-5, "at step \(step)")
      }
    }

    @Test func averagingFirstIsNotParallelSGDWithSeveralWorkers() throws {
      let optimizer = LocalOptimizer(learningRate: 0.1)
      let first = try Scenario(
        method: .averageFirst(interval: 1, momentum: .average, overlapped: true), optimizer: optimizer
      ).trainer(world)
      let parallel = try Scenario(method: .parallelSGD, optimizer: optimizer).trainer(world)
      for _ in 0..<4 {
        try first.step()
        try parallel.step()
      }
      let distance = relativeDistance(first.worker.parameters.doubles, parallel.worker.parameters.doubles)
      #expect(world.size == 1 ? distance == 0 : distance > 1e-4)
    }

    @Test(arguments: optimizers, MomentumPolicy.allCases)
    func overlappingChangesNoBit(optimizer: LocalOptimizer, policy: MomentumPolicy) throws {
      let scenario = Scenario(optimizer: optimizer, layout: .messages)
      let overlapped = try scenario.with { $0.method = .averageFirst(interval: 3, momentum: policy, overlapped: true) }
        .trainer(world)
      let blocking = try scenario.with { $0.method = .averageFirst(interval: 3, momentum: policy, overlapped: false) }
        .trainer(world)
      for _ in 0..<11 {
        try overlapped.step()
        try blocking.step()
        #expect(overlapped.worker.parameters.bits == blocking.worker.parameters.bits)
      }
    }

    /// With two workers a sum has one order only.
    @Test(arguments: methods, optimizers)
    func averagingInSharedMemoryIsAveragingByMessages(method: Method, optimizer: LocalOptimizer) throws {
      let scenario = Scenario(method: method, optimizer: optimizer)
      let sending = try scenario.with { $0.layout = .messages }.trainer(world)
      #expect(sending.averager.medium == .messages)
      let sharing = try scenario.trainer(world)
      #expect(sharing.averager.medium == (world.size > 1 ? .sharedMemory : .messages))
      try expectTheSame(sharing, sending)
    }

    @Test(arguments: methods, optimizers)
    func averagingByNodesIsAveragingByMessages(method: Method, optimizer: LocalOptimizer) throws {
      let scenario = Scenario(method: method, optimizer: optimizer)
      let sending = try scenario.with { $0.layout = .messages }.trainer(world)
      let twoLevels = try scenario.with { $0.layout = .nodes }.trainer(world)
      #expect(twoLevels.averager.medium == (world.size > 2 ? .nodes : world.size == 2 ? .sharedMemory : .messages))
      try expectTheSame(twoLevels, sending)
      let separate = try scenario.with { $0.layout = .separate }.trainer(world)
      #expect(separate.averager.medium == (world.size > 1 ? .nodes : .messages))
      try expectTheSame(separate, scenario.with { $0.layout = .messages }.trainer(world))
    }

    nonisolated static let longVectors =
      AveragingWeights.allCases.map { (70_007, $0, optimizers[1]) } + [(300_007, .equal, optimizers[3])]

    /// Long vectors go round a ring of the nodes, very long ones in more pieces than travel at a time.
    @Test(arguments: longVectors)
    func longVectorsAreAveragedByNodesAsByMessages(
      count: Int, weights: AveragingWeights, optimizer: LocalOptimizer
    ) throws {
      var problem = QuadraticProblem()
      (problem.dimension, problem.noise, problem.spread) = (count, 0, 0.5)
      let method = Method.averageFirst(interval: 2, momentum: .average, overlapped: true, weights: weights)
      let scenario = Scenario(method: method, optimizer: optimizer)
      let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: scenario.seed)
      let trainers = try [Scenario.Layout.messages, .nodes, .nodes, .separate, .separate].map { layout in
        try scenario.with { $0.layout = layout }.trainer(objective, world)
      }
      for _ in 0..<5 {
        for trainer in trainers { try trainer.step() }
      }
      let parameters = trainers.map(\.worker.parameters)
      for (first, second) in [(1, 2), (3, 4)] {
        #expect(relativeDistance(parameters[first].doubles, parameters[0].doubles) < 1e-5)
        #expect(parameters[first].bits == parameters[second].bits)
      }
    }

    private func expectTheSame(_ sharing: Trainer, _ sending: Trainer) throws {
      for _ in 0..<11 {
        try sharing.step()
        try sending.step()
        if world.size <= 2 {
          #expect(sharing.worker.parameters.bits == sending.worker.parameters.bits)
        } else {
          let distance = relativeDistance(sharing.worker.parameters.doubles, sending.worker.parameters.doubles)
          #expect(distance < 1e-5)
        }
        let (deviation, expected) = (sharing.averager.squaredDeviation, sending.averager.squaredDeviation)
        #expect(abs(deviation - expected) <= 1e-4 * expected + 1e-12 * sending.worker.parameters.squaredNorm())
      }
    }

    private func expectEqualReplicas(_ vector: ParameterVector) throws {
      let own = Int64(bitPattern: vector.bitHash())
      let hashes = try world.allGather([own]).map { $0[0] }
      #expect(Set(hashes).count == 1)
    }

    @Test(arguments: Scenario.Layout.allCases)
    func theAverageThatIsSteppedFromIsEqualOnAllRanks(layout: Scenario.Layout) throws {
      // At rate 0 a worker ends its step at the average it stepped from.
      let trainer = try Scenario(
        method: .averageFirst(interval: 2, momentum: .average, overlapped: true),
        optimizer: LocalOptimizer(learningRate: 0), layout: layout
      ).trainer(world)
      var random = RandomSource(seed: 3, purpose: .benchmark, index: world.rank)
      for i in 0..<trainer.worker.parameters.count {
        trainer.worker.parameters.pointer[i] += Float(random.nextNormal())
      }
      let sum = try world.allReduce(trainer.worker.parameters.doubles, .sum)
      try trainer.step()
      try trainer.step()
      try expectEqualReplicas(trainer.worker.parameters)
      let mean = sum.map { $0 / Double(world.size) }
      #expect(relativeDistance(trainer.worker.parameters.doubles, mean) < 1e-6)
    }

    @Test(arguments: [1, 2, 5])
    func workersStayWithinTheDeviationLemma(interval: Int) throws {
      let rate = 0.1
      for method in [
        Method.averageFirst(interval: interval, momentum: .average, overlapped: true),
        .stepFirst(interval: interval, momentum: .average),
      ] {
        let trainer = try Scenario(
          method: method, optimizer: LocalOptimizer(learningRate: rate, weightDecay: 1e-3),
          partition: .labelSkew(alpha: 0.3)
        ).trainer(world)
        for step in 1...20 {
          try trainer.step()
          let own = trainer.worker.parameters.doubles
          let mean = try world.allReduce(own, .sum).map { $0 / Double(world.size) }
          let deviation = zip(own, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
          let measured = try world.allReduce(deviation, .sum) / Double(world.size)
          let largest = try world.allReduce(trainer.statistics.largestSquaredGradient, .maximum)
          let bound = 4 * rate * rate * Double(interval * interval) * largest
          #expect(measured <= bound, "at step \(step)")
        }
      }
    }
  }
}
