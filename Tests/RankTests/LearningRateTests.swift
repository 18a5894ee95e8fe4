import Averaging
import CAllocationCount
import Glibc
import MessagePassing
import Testing
import Training

/// A rate over a run, and what it should be at an epoch, by a formula of its own.
private struct RateCase: CustomTestStringConvertible {
  let testDescription: String
  let learningRate: LearningRate
  let expected: (Double) -> Double

  /// - Parameter step: epochs of a step of all workers.
  static func all(step: Double) -> [RateCase] {
    let pieces = { (epoch: Double) in epoch < 0.7 ? 0.1 : epoch < 1.3 ? 0.02 : 0.004 }
    // (1 + cos x) / 2 = cos²(x / 2).
    let cosine = { (epoch: Double) in 0.1 * pow(cos(.pi * min(epoch, 2.5) / (2 * 2.5)), 2) }
    let warmup = { (epoch: Double) in epoch >= 0.5 ? 1 : min(1, (epoch + step) / 0.5) }
    func rate(_ change: (inout LearningRate) -> Void) -> LearningRate {
      var rate = LearningRate(0.1)
      rate.stepEpochs = step
      change(&rate)
      return rate
    }
    let twoPieces = [LearningRate.Piece(epoch: 0.7, rate: 0.02), LearningRate.Piece(epoch: 1.3, rate: 0.004)]
    return [
      RateCase(testDescription: "constant", learningRate: rate { _ in }, expected: { _ in 0.1 }),
      RateCase(testDescription: "pieces", learningRate: rate { $0.pieces = twoPieces }, expected: pieces),
      RateCase(
        testDescription: "warm-up", learningRate: rate { $0.warmup = 0.5 }, expected: { 0.1 * warmup($0) }),
      RateCase(testDescription: "cosine", learningRate: rate { $0.cosineEpochs = 2.5 }, expected: cosine),
      RateCase(
        testDescription: "warm-up and pieces",
        learningRate: rate {
          $0.pieces = twoPieces
          $0.warmup = 0.5
        }, expected: { warmup($0) * pieces($0) }),
      RateCase(
        testDescription: "warm-up and cosine",
        learningRate: rate {
          $0.warmup = 0.5
          $0.cosineEpochs = 2.5
        }, expected: { warmup($0) * cosine($0) }),
    ]
  }
}

private func areClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(abs(b), 1e-3) }

extension RankTests {
  @Suite(.serialized) @MainActor
  struct LearningRateTests {
    let world = World.communicator

    // MARK: The function

    @Test func aRateIsTheFormulas() {
      for step in [0.001, 0.03, 0.4, 3] {
        for given in RateCase.all(step: step) {
          for k in 0...1000 {
            let epoch = 2.5 * Double(k) / 1000
            #expect(areClose(given.learningRate.rate(at: epoch), given.expected(epoch)), "\(given) at \(epoch)")
          }
        }
      }
    }

    @Test func aPieceHoldsFromItsEpochOn() {
      var rate = LearningRate(0.1)
      rate.pieces = [LearningRate.Piece(epoch: 150, rate: 0.01), LearningRate.Piece(epoch: 225, rate: 0.001)]
      let epochs = [0, 150.0.nextDown, 150, 225.0.nextDown, 225, 1e9]
      #expect(epochs.map(rate.rate) == [0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    }

    @Test func aWarmUpOfWStepsGoesByWths() {
      for steps in [1, 2, 7, 100] {
        var rate = LearningRate(0.3)
        (rate.stepEpochs, rate.warmup) = (1.0 / 64, Double(steps) / 64)
        for t in 0..<steps + 3 {
          let expected = 0.3 * Double(min(t + 1, steps)) / Double(steps)
          #expect(areClose(rate.rate(at: Double(t) / 64), expected))
        }
      }
    }

    @Test func halfACosineFallsFromTheRateToNothing() {
      var rate = LearningRate(0.3)
      rate.cosineEpochs = 8
      #expect(rate.rate(at: 0) == 0.3)
      #expect(areClose(rate.rate(at: 4), 0.15))
      #expect(rate.rate(at: 8) == 0)
      #expect(rate.rate(at: 8.5) == 0)
    }

    // MARK: In the trainer

    /// Samples of the scenario's problem.
    private let samples = 210.0

    private func check(
      _ method: Method, _ given: RateCase, epochs: [Double], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let trainer = try Scenario(method: method, learningRate: given.learningRate).trainer(world)
      #expect(areClose(trainer.optimizer.learningRate, given.expected(0)), sourceLocation: sourceLocation)
      for epoch in epochs {
        try trainer.step()
        let expected = given.expected(epoch)
        #expect(
          areClose(trainer.optimizer.learningRate, expected), "\(given) at \(epoch)", sourceLocation: sourceLocation)
      }
    }

    @Test func equalStepsGoByTheTrainersOwnCount() throws {
      let step = Double(8 * world.size) / samples
      for method in [
        Method.parallelSGD, .averageFirst(interval: 4, momentum: .average, overlapped: true),
        .stepFirst(interval: 3, momentum: .local),
      ] {
        for given in RateCase.all(step: step) {
          try check(method, given, epochs: (0..<40).map { Double($0) * step })
        }
      }
    }

    /// Own steps differ from rank to rank, the exchanged samples do not.
    @Test func unequalStepsGoByWhatWasExchangedBeforeTheRound() throws {
      let intervals = (0..<world.size).map { 1 + (2 * $0 + 3) % 5 }
      let round = Double(8 * intervals.reduce(0, +)) / samples
      for given in RateCase.all(step: Double(8 * world.size) / samples) {
        let epochs = (0..<8).flatMap { r in Array(repeating: Double(r) * round, count: intervals[world.rank]) }
        try check(.stepFirst(IntervalPerWorker(intervals), momentum: .average), given, epochs: epochs)
      }
    }

    @Test func algorithm2KeepsItsOwnRates() throws {
      let growing = TimeVaryingSchedule(workers: world.size, intervalScale: 4, rateScale: 0.1)
      let trainer = try Scenario(
        method: .stepFirst(growing, momentum: .average), learningRate: LearningRate(100)
      ).trainer(world)
      for epoch in growing.firstEpoch..<growing.firstEpoch + 4 {
        for _ in 0..<growing.steps(epoch: epoch) {
          try trainer.step()
          #expect(trainer.optimizer.learningRate == growing.learningRate(epoch: epoch))
        }
      }
    }

    @Test func aConstantRateGivesTheBitsOfTheOptimizersOwn() throws {
      let own = try Scenario().trainer(world)
      let given = try Scenario().with {
        $0.learningRate = LearningRate($0.optimizer.learningRate)
        $0.optimizer.learningRate = 7
      }.trainer(world)
      for _ in 0..<13 {
        try own.step()
        try given.step()
      }
      #expect(own.worker.parameters.bits == given.worker.parameters.bits)
    }

    /// Quadratics without noise, where an epoch is a step of all workers, against the simulation with γ by the step.
    @Test func modelsFollowTheSimulation() throws {
      var problem = QuadraticProblem()
      (problem.dimension, problem.noise, problem.heterogeneity, problem.spread) = (7, 0, 2, 0.5)
      let uneven = (0..<world.size).map { 1 + (2 * $0) % 5 }
      let roundEpochs = Double(uneven.reduce(0, +)) / Double(world.size)
      var rate = LearningRate(0.2)
      (rate.pieces, rate.warmup, rate.stepEpochs) = ([LearningRate.Piece(epoch: 10, rate: 0.05)], 6, 1)
      let expected = { (epoch: Double) in (epoch < 10 ? 0.2 : 0.05) * min(1, (epoch + 1) / 6) }
      let unequal = Simulated.Heterogeneous(intervals: Array(repeating: uneven, count: 8), weights: .equal)
      let cases: [(Method, any SimulatedMethod)] = [
        (.parallelSGD, Simulated.ParallelSGD()),
        (.averageFirst(interval: 3, momentum: .average, overlapped: true), Simulated.AverageFirst(interval: 3)),
        (
          .stepFirst(IntervalPerWorker(uneven), momentum: .average),
          RatedByRound(method: unequal) { expected(Double($0) * roundEpochs) }
        ),
      ]
      for (method, simulated) in cases {
        let scenario = Scenario(
          method: method, optimizer: LocalOptimizer(learningRate: 0.2, momentum: 0.8),
          learningRate: rate)
        let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: scenario.seed)
        let trainer = try scenario.trainer(objective, world)
        let quadratic = SimulatedQuadratic(problem, workers: world.size, seed: scenario.seed)
        var workers = SimulatedWorkers(quadratic, scenario.optimizer, .average) { expected(Double($0)) }
        var simulated = simulated
        let path = workers.run(&simulated, rounds: 8, of: world.rank)
        try trainer.expectToFollow(path, tolerance: 1e-4, "\(method)")
      }
    }

    /// γ is one in a round where workers differ in their steps.
    private struct RatedByRound: SimulatedMethod {
      var method: any SimulatedMethod
      let rate: (Int) -> Double
      private var index = 0

      init(method: any SimulatedMethod, rate: @escaping (Int) -> Double) { (self.method, self.rate) = (method, rate) }

      mutating func round(_ workers: inout SimulatedWorkers) {
        let rate = rate(index)
        workers.rate = { _ in rate }
        method.round(&workers)
        index += 1
      }
    }

    /// What bounds a round's deviation is its largest rate, not its last.
    @Test func theLemmaHoldsWhereTheRateFallsWithinARound() throws {
      let step = Double(8 * world.size) / samples
      for method in [
        Method.averageFirst(interval: 8, momentum: .average, overlapped: true),
        .stepFirst(interval: 8, momentum: .average),
      ] {
        for steps in 1...9 {
          var rate = LearningRate(0.1)
          rate.pieces = [LearningRate.Piece(epoch: Double(steps) * step, rate: 1e-9)]
          let trainer = try Scenario(
            method: method, optimizer: LocalOptimizer(learningRate: 0.1), learningRate: rate, checksTheory: true
          ).trainer(world)
          for _ in 0..<40 { try trainer.step() }
          #expect(trainer.averager.rounds == 5)
        }
      }
    }

    @Test func aChangingRateAllocatesNothing() throws {
      var rate = LearningRate(0.05)
      rate.pieces = [LearningRate.Piece(epoch: 1, rate: 0.02), LearningRate.Piece(epoch: 2, rate: 0.01)]
      (rate.warmup, rate.stepEpochs) = (3, 0.01)
      let trainer = try Scenario(learningRate: rate).trainer(world)
      for _ in 0..<16 { try trainer.step() }
      callocationcount_start()
      for _ in 0..<200 { try trainer.step() }
      #expect(callocationcount_stop() == 0)
    }
  }
}
