import Averaging
import CAllocationCount
import Kernels
import MessagePassing
import Testing
import Training

extension RankTests {
  /// AD-PSGD: workers average in random pairs, each at its own speed.
  @Suite(.serialized) @MainActor
  struct AsynchronousGossipTests {
    let world = World.communicator

    private func method(_ log: PairingLog? = nil) -> Method {
      Method(
        schedule: FixedInterval(1), exchange: PairAverage(seed: 11, log: log),
        update: AverageThenStep(momentum: .local, overlapped: true))
    }

    private func scenario(_ log: PairingLog? = nil, rate: Double = 0.05) -> Scenario {
      Scenario(
        method: method(log), optimizer: LocalOptimizer(learningRate: rate),
        slowdown: world.rank == world.size - 1 ? 5 : 1)
    }

    @Test(arguments: 2...9)
    func allPassiveWorkersAreAskedAndNoActiveOne(workers: Int) {
      let exchange = PairAverage(seed: 5)
      for rank in stride(from: 0, to: workers, by: 2) {
        let partners = (0..<300).compactMap { exchange.partner(of: rank, among: workers, step: $0) }
        #expect(partners.count == 300)
        #expect(Set(partners) == Set(stride(from: 1, to: workers, by: 2)))
      }
    }

    @Test func exchangesPreserveTheSumOfTheModels() throws {
      // At rate 0 a step is an exchange alone.
      let trainer = try scenario(rate: 0).trainer(world)
      var random = RandomSource(seed: 3, purpose: .benchmark, index: world.rank)
      for i in 0..<trainer.worker.parameters.count {
        trainer.worker.parameters.pointer[i] = Float(random.nextNormal())
      }
      let before = try world.allReduce(trainer.worker.parameters.doubles, .sum)
      for _ in 0..<20 + world.rank { try trainer.step() }
      try trainer.agreeOnStatus()
      let after = try world.allReduce(trainer.worker.parameters.doubles, .sum)
      #expect(relativeDistance(after, before) < 1e-5)
      let samples = try world.allReduce(Int64(trainer.steps * trainer.objective.batchSize), .sum)
      #expect(trainer.samples == samples)
    }

    private static let problem: QuadraticProblem = {
      var problem = QuadraticProblem()
      (problem.dimension, problem.noise, problem.heterogeneity, problem.spread) = (37, 0, 2, 0.5)
      return problem
    }()

    /// All ranks' logs, by rank.
    private func gathered(_ log: PairingLog) throws -> [[PairingLog.Pairing]] {
      let longest = try Int(world.allReduce(Int64(log.pairings.count), .maximum))
      let words = log.pairings.flatMap { [Int64($0.step), Int64($0.partner)] }
      let padding = Array(repeating: Int64(-1), count: 2 * longest - words.count)
      return try world.allGather(words + padding).map { words in
        stride(from: 0, to: words.count, by: 2).filter { words[$0] >= 0 }
          .map { PairingLog.Pairing(step: Int(words[$0]), partner: Int(words[$0 + 1])) }
      }
    }

    /// What the logs' meetings lead to, one after another in any order that they allow.
    private func replay(
      _ logs: [[PairingLog.Pairing]], steps: [Int], gradient: (Int, [Double]) -> [Double], rate: Double
    ) -> [[Double]] {
      let n = steps.count
      var models = (0..<n).map { _ in [Double](repeating: 0, count: 37) }
      var meetingPoints = models
      var done = [Int](repeating: 0, count: n)
      var answered = done
      func descend(_ worker: Int, _ from: [Double]) {
        let direction = gradient(worker, models[worker])
        models[worker] = zip(from, direction).map { $0 - rate * $1 }
        meetingPoints[worker] = models[worker]
        done[worker] += 1
      }
      var changed = true
      while changed {
        changed = false
        for passive in stride(from: 1, to: n, by: 2) where answered[passive] < logs[passive].count {
          let next = logs[passive][answered[passive]]
          let asker = next.partner
          guard done[asker] < logs[asker].count, logs[asker][done[asker]].partner == passive else { continue }
          changed = true
          while done[passive] < next.step { descend(passive, meetingPoints[passive]) }
          let mean = zip(models[asker], meetingPoints[passive]).map { ($0 + $1) / 2 }
          meetingPoints[passive] = mean
          answered[passive] += 1
          descend(asker, mean)
        }
      }
      for worker in 0..<n {
        while done[worker] < steps[worker] { descend(worker, meetingPoints[worker]) }
        #expect(worker % 2 == 0 || answered[worker] == logs[worker].count)
        #expect(done[worker] == steps[worker])
      }
      return meetingPoints
    }

    @Test(arguments: 0..<5) func aRunIsWhatItsLogsSay(run: Int) throws {
      let log = PairingLog()
      let scenario = scenario(log, rate: 0.1)
      let objective = QuadraticObjective(Self.problem, worker: world.rank, of: world.size, seed: scenario.seed)
      let trainer = try scenario.trainer(objective, world)
      let steps = (0..<world.size).map { 30 + 7 * (($0 + run) % 3) }
      for _ in 0..<steps[world.rank] { try trainer.step() }
      try trainer.agreeOnStatus()
      let logs = try gathered(log)
      for rank in stride(from: 0, to: world.size, by: 2) where world.size > 1 {
        #expect(logs[rank].map(\.step) == Array(0..<steps[rank]))
      }
      let centers = (0..<world.size).map { Self.problem.center(worker: $0, seed: scenario.seed) }
      let models = replay(
        logs, steps: steps,
        gradient: { worker, x in
          let scale = Self.problem.scale(worker: worker, of: world.size)
          return x.indices.map { scale * Self.problem.curvature($0) * (x[$0] - centers[worker][$0]) }
        }, rate: 0.1)
      #expect(relativeDistance(trainer.worker.parameters.doubles, models[world.rank]) < 1e-5)
    }

    @Test(arguments: 0..<10) func runsEndCleanlyWhoeverIsSlow(run: Int) throws {
      let trainer = try scenario().with { $0.slowdown = world.rank == run % world.size ? 5 : 1 }.trainer(world)
      let training = TrainingRun(trainer: trainer, communicator: world)
      var samples: [Int64] = []
      try training.run(RunLength(steps: 40, evaluationInterval: 10)) { row, _ in samples.append(Int64(row.samples)) }
      #expect(samples.last ?? 0 >= 40 * trainer.samplesPerStep)
      #expect(zip(samples, samples.dropFirst()).allSatisfy { $0 < $1 })
      let counts = try world.allGather([Int64(samples.count), samples.last ?? 0])
      #expect(Set(counts).count == 1)
    }

    @Test func divergenceOfOneRankStopsAllAtTheNextAgreement() throws {
      let trainer = try scenario().trainer(world)
      if world.rank == world.size / 2 { trainer.worker.parameters.pointer[0] = .nan }
      for _ in 0..<5 { try trainer.step() }
      #expect(throws: AgreedFailure.self) { try trainer.agreeOnStatus() }
    }

    @Test func aThousandStepsAllocateNothing() throws {
      let trainer = try Scenario(method: method()).trainer(world)
      for _ in 0..<16 { try trainer.step() }
      callocationcount_start()
      for _ in 0..<1000 { try trainer.step() }
      #expect(callocationcount_stop() == 0)
      try trainer.agreeOnStatus()
    }
  }
}
