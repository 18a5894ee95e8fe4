import Averaging
import Kernels
import MessagePassing
import Testing
import Training

extension RankTests {
  @Suite(.serialized) @MainActor
  struct ScheduleTests {
    let world = World.communicator

    @Test(arguments: 1...9)
    func theEpochLengthIsTheFlooredCubeRootExactly(workers: Int) {
      let schedule = TimeVaryingSchedule(workers: workers)
      for s in 1...3000 {
        let k = schedule.steps(epoch: s)
        #expect((k * workers) * (k * workers) * (k * workers) <= s)
        #expect(((k + 1) * workers) * ((k + 1) * workers) * ((k + 1) * workers) > s)
      }
    }

    @Test func theFirstEpochWithAStepIsTheCubeOfTheWorkers() {
      for workers in 1...12 {
        let schedule = TimeVaryingSchedule(workers: workers)
        #expect(schedule.firstEpoch == workers * workers * workers)
        #expect(abs(schedule.learningRate(epoch: schedule.firstEpoch) - 1 / Double(workers)) < 1e-12)
      }
      #expect(TimeVaryingSchedule(workers: 4).steps(epoch: 64) == 1)
    }

    @Test func theRateIsCapped() {
      let schedule = TimeVaryingSchedule(workers: 4, rateCap: 0.1)
      #expect(schedule.learningRate(epoch: 64) == 0.1)
      #expect(schedule.learningRate(epoch: 64_000_000) < 0.1)
    }

    @Test func calibrationGivesFasterWorkersMoreSteps() {
      #expect(CalibratedInterval.steps(mean: 8, stepSeconds: [1, 1, 1, 1]) == [8, 8, 8, 8])
      #expect(CalibratedInterval.steps(mean: 10, stepSeconds: [1, 1, 1, 3]) == [12, 12, 12, 4])
      #expect(CalibratedInterval.steps(mean: 1, stepSeconds: [1, 1000]).allSatisfy { $0 >= 1 })
    }

    private func run(_ trainer: Trainer, rounds: Int) throws {
      while trainer.averager.rounds < rounds { try trainer.step() }
    }

    @Test(arguments: AveragingWeights.allCases, Scenario.Layout.allCases)
    func anAdaptiveRunIsRepeatedByItsLogToTheBit(weights: AveragingWeights, layout: Scenario.Layout) throws {
      let scenario = Scenario(
        method: .stepFirst(AdaptiveInterval(minimum: 2, maximum: 9), momentum: .average, weights: weights),
        layout: layout)
      let adaptive = try scenario.with { $0.slowdown = world.rank == 0 ? 4 : 1 }.trainer(world)
      try run(adaptive, rounds: 8)
      let log = try adaptive.takeRealisedSteps()
      #expect(log.count == 8)
      #expect(log.allSatisfy { $0.allSatisfy { (2...9).contains($0) } })
      let replayed = try scenario.with { $0.method.schedule = ReplayedIntervals(log) }.trainer(world)
      try run(replayed, rounds: 8)
      #expect(replayed.worker.parameters.bits == adaptive.worker.parameters.bits)
      let repeated = try replayed.takeRealisedSteps()
      #expect(repeated == log)
    }

    @Test func calibratedRoundsAreTheSameForAllAndRepeatable() throws {
      let scenario = Scenario(method: .stepFirst(CalibratedInterval(mean: 8, rounds: 2), momentum: .local))
      let calibrated = try scenario.with { $0.slowdown = world.rank == world.size - 1 ? 5 : 1 }.trainer(world)
      try run(calibrated, rounds: 7)
      let log = try calibrated.takeRealisedSteps()
      #expect(log[0] == Array(repeating: 1, count: world.size))
      let hash = Int64(truncatingIfNeeded: log.flatMap { $0 }.reduce(7) { 31 &* $0 &+ $1 })
      let hashes = try world.allGather([hash])
      #expect(Set(hashes).count == 1)
      let replayed = try scenario.with { $0.method.schedule = ReplayedIntervals(log) }.trainer(world)
      try run(replayed, rounds: 7)
      #expect(replayed.worker.parameters.bits == calibrated.worker.parameters.bits)
    }

    @Test(arguments: AveragingWeights.allCases)
    func averagingEqualModelsChangesNothing(weights: AveragingWeights) throws {
      let method = Method.stepFirst(FixedInterval(1), momentum: .average, weights: weights)
      let worker = WorkerState(parameterCount: 37, hasMomentum: false, slots: method.slots)
      for i in 0..<37 { worker.parameters.pointer[i] = Float(i * i) / 7 }
      let before = worker.parameters.doubles
      var report = RoundReport()
      report.steps = 1 + world.rank
      report.totalSamples = world.size
      try exchange(method, worker, report)
      #expect(relativeDistance(worker.parameters.doubles, before) < 1e-6)
    }

    private func exchange(_ method: Method, _ worker: WorkerState, _ report: RoundReport) throws {
      let averager = try Averager(method, worker: worker, communicator: world)
      try averager.begin(report, EndedRound())
      _ = try averager.complete()
      averager.apply()
      try averager.settle()
    }

    @Test func averagingPreservesTheSumOfTheModels() throws {
      let worker = WorkerState(parameterCount: 50, hasMomentum: true)
      var random = RandomSource(seed: 5, purpose: .benchmark, index: world.rank)
      for i in 0..<50 {
        worker.parameters.pointer[i] = Float(random.nextNormal())
        worker.momentum!.pointer[i] = Float(random.nextNormal())
      }
      let before = try world.allReduce(worker.parameters.doubles + worker.momentum!.doubles, .sum)
      var report = RoundReport()
      report.steps = 1
      try exchange(.stepFirst(interval: 1, momentum: .average), worker, report)
      let after = try world.allReduce(worker.parameters.doubles + worker.momentum!.doubles, .sum)
      #expect(relativeDistance(after, before) < 1e-6)
    }

    /// Σ I_i a_i (x − b_i) = 0 under equal weights for a small rate, the minimiser of Σ f_i under normalised ones.
    @Test(arguments: [AveragingWeights.equal, .normalized])
    func theFixedPointOfUnequalIntervalsIsTheTheorys(weights: AveragingWeights) throws {
      var problem = QuadraticProblem()
      (problem.dimension, problem.condition, problem.noise) = (3, 1, 0)
      (problem.heterogeneity, problem.spread) = (5, 0.5)
      let intervals = (0..<world.size).map { 1 + 3 * $0 }
      let scenario = Scenario(
        method: .stepFirst(IntervalPerWorker(intervals), momentum: .average, weights: weights),
        optimizer: LocalOptimizer(learningRate: 0.001))
      let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: scenario.seed)
      let trainer = try scenario.trainer(objective, world)
      // Rounds are long on a busy machine, for all wait for each: no more than 5,000 steps of the mean worker take.
      try run(trainer, rounds: 5000 * world.size / intervals.reduce(0, +))
      let pulls = (0..<world.size).map { worker in
        problem.scale(worker: worker, of: world.size) * (weights == .equal ? Double(intervals[worker]) : 1)
      }
      let centers = (0..<world.size).map { problem.center(worker: $0, seed: scenario.seed) }
      let fixed = (0..<3).map { j in
        zip(pulls, centers).reduce(0) { $0 + $1.0 * $1.1[j] } / pulls.reduce(0, +)
      }
      #expect(relativeDistance(trainer.worker.parameters.doubles, fixed) < 0.02)
      if weights == .normalized {
        let minimiser = problem.optimum(workers: world.size, seed: scenario.seed).point
        #expect(relativeDistance(fixed, minimiser) < 1e-12)
      }
    }

    @Test func theLemmaIsCheckedWhileTraining() throws {
      let trainer = try Scenario(
        method: .stepFirst(interval: 3, momentum: .average), optimizer: LocalOptimizer(learningRate: 0.1),
        checksTheory: true
      ).trainer(world)
      try run(trainer, rounds: 10)
      #expect(trainer.averager.rounds == 10)
    }
  }
}
