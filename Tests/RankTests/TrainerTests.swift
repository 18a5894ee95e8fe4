import Averaging
import CAllocationCount
import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Testing
import Training

extension RankTests {
  @Suite(.serialized) @MainActor
  struct TrainerTests {
    let world = World.communicator

    @Test(
      arguments: [ModelSpecification.logisticRegression, .multilayerPerceptron(hidden: [40, 33])],
      Scenario.Layout.allCases)
    func aThousandStepsAllocateNothing(model: ModelSpecification, layout: Scenario.Layout) throws {
      for method in [
        Method.parallelSGD, .averageFirst(interval: 8, momentum: .average, overlapped: true),
        .stepFirst(interval: 8, momentum: .reset),
      ] {
        for optimizer in IdentityTests.optimizers {
          let scenario = Scenario(model: model, method: method, optimizer: optimizer, layout: layout)
          let trainer = try scenario.trainer(world)
          for _ in 0..<16 { try trainer.step() }
          callocationcount_start()
          for _ in 0..<1000 { try trainer.step() }
          #expect(callocationcount_stop() == 0, "\(method)")
        }
      }
    }

    @Test func theCountSeesAllocations() {
      callocationcount_start()
      let numbers = (0..<100).map { _ in [Double](repeating: 1, count: 50) }
      #expect(callocationcount_stop() >= 100)
      #expect(numbers.count == 100)
    }

    @Test func aBatchInPiecesGivesTheStepOfTheWhole() throws {
      let scenario = Scenario(batchSize: 24)
      let whole = try scenario.trainer(world)
      let pieces = try scenario.with { $0.piece = 7 }.trainer(world)
      for _ in 0..<6 {
        try whole.step()
        try pieces.step()
      }
      let distance = relativeDistance(pieces.worker.parameters.doubles, whole.worker.parameters.doubles)
      #expect(distance < 1e-5)
    }

    @Test(
      arguments: [
        Scenario().method,
        .stepFirst(interval: 4, momentum: .average),
        // Some rank may still have its barrier under way when all learn of it.
        .stepFirst(AdaptiveInterval(minimum: 1, maximum: 4), momentum: .average),
      ], Scenario.Layout.allCases)
    func divergenceOfOneRankStopsAllAtTheNextRound(method: Method, layout: Scenario.Layout) throws {
      let trainer = try Scenario(method: method, layout: layout).trainer(world)
      let culprit = world.size / 2
      var thrown: AgreedFailure?
      do {
        // With adaptive rounds a rank's first step may end in the same round as the culprit's second.
        try trainer.step()
        if world.rank == culprit { trainer.worker.parameters.pointer[0] = .nan }
        for _ in 0..<20 { try trainer.step() }
      } catch let error as AgreedFailure {
        thrown = error
      }
      #expect(thrown?.failure.code == .diverged)
      #expect(thrown?.rank == culprit)
      #expect(thrown?.failure.message.contains("rank \(culprit)") == true)
      #expect(trainer.steps <= 8)
    }

    @Test func shardsTogetherAreTheDataSet() throws {
      for partition in [Partition.iid, .contiguous, .labelSkew(alpha: 0.5)] {
        let shard = try Scenario(partition: partition).shard(world)
        let total = try world.allReduce(Int64(shard.count), .sum)
        #expect(total == 210)
        let own = (0..<shard.count).reduce(0.0) { sum, i in
          (0..<12).reduce(sum) { $0 + Double(shard.row(i)[$1]) * Double(1 + shard.labels[i]) }
        }
        let whole = try Scenario().shard(World.alone)
        let expected = (0..<whole.count).reduce(0.0) { sum, i in
          (0..<12).reduce(sum) { $0 + Double(whole.row(i)[$1]) * Double(1 + whole.labels[i]) }
        }
        #expect(abs(try world.allReduce(own, .sum) - expected) < 1e-9 * abs(expected) + 1e-9)
      }
    }

    @Test func readingFailsOnAllRanksWithOneReason() throws {
      var thrown: AgreedFailure?
      do {
        _ = try ShardDistribution(world).distribute(by: .iid, seed: 1) { throw Failure(.inputOutput, "no such file") }
      } catch let error as AgreedFailure {
        thrown = error
      }
      #expect(thrown?.failure == Failure(.inputOutput, "no such file"))
    }

    @Test func theEvaluatedModelIsTheAverage() throws {
      let scenario = Scenario(method: .averageFirst(interval: 3, momentum: .local, overlapped: true))
      let shard = try scenario.shard(world)
      let trainer = try scenario.trainer(world, shard: shard)
      for _ in 0..<4 { try trainer.step() }
      let evaluator = Evaluator(objective: trainer.objective, communicator: world)
      try evaluator.averageModels(trainer)
      let sum = try world.allReduce(trainer.worker.parameters.doubles, .sum)
      #expect(relativeDistance(evaluator.average.doubles, sum.map { $0 / Double(world.size) }) < 1e-6)
      let score = try evaluator.score(.training)
      let scores = try world.allGather([score?.loss ?? -1, score?.accuracy ?? -1])
      #expect(Set(scores).count == 1)
      #expect((0...1).contains(score?.accuracy ?? -1))
    }

    /// A stochastic gradient's loss has them, a score has not.
    @Test func labelsAreSmoothedInTrainingOnly() throws {
      let scenario = Scenario(batchSize: nil)
      let objectives = try [0, 0.3].map { (smoothing: Float) in
        let objective = scenario.objective(try scenario.shard(world), world)
        objective.labelSmoothing = smoothing
        return objective
      }
      let trainers = try objectives.map { try scenario.trainer($0, world) }
      for trainer in trainers { try trainer.step() }
      let (plain, smoothed) = (trainers[0].statistics.localScore.loss, trainers[1].statistics.localScore.loss)
      #expect(plain != smoothed)
      #expect(trainers[0].worker.parameters.bits != trainers[1].worker.parameters.bits)
      let scores = try objectives.map { try $0.score(.training, at: trainers[0].worker.parameters).loss }
      #expect(scores[0] == scores[1])
    }
  }
}
