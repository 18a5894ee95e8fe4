import Averaging
import Datasets
import Kernels
import MessagePassing
import Models
import Testing
import Training

/// e^x by its series, after halving x until the series is short.
private func exponential(_ x: Double) -> Double {
  if abs(x) > 0.5 {
    let half = exponential(x / 2)
    return half * half
  }
  var term = 1.0
  var sum = 1.0
  for n in 1...20 {
    term *= x / Double(n)
    sum += term
  }
  return sum
}

/// The gradient of softmax regression on some samples, parameters being (in, out) weights and then biases.
struct SoftmaxRegression {
  let samples: [[Double]]
  let labels: [Int]
  let classes: Int

  func gradient(_ x: [Double], over shard: Range<Int>) -> [Double] {
    var gradient = [Double](repeating: 0, count: x.count)
    let features = samples[0].count
    for i in shard {
      let scores = (0..<classes).map { k in
        (0..<features).reduce(x[features * classes + k]) { $0 + samples[i][$1] * x[$1 * classes + k] }
      }
      let largest = scores.max()!
      let exponentials = scores.map { exponential($0 - largest) }
      let sum = exponentials.reduce(0, +)
      for k in 0..<classes {
        let error = (exponentials[k] / sum - (labels[i] == k ? 1 : 0)) / Double(shard.count)
        for f in 0..<features { gradient[f * classes + k] += error * samples[i][f] }
        gradient[features * classes + k] += error
      }
    }
    return gradient
  }
}

extension RankTests {
  /// Every algorithm follows the simulation, step by step.
  @Suite(.serialized) @MainActor
  struct SimulationTests {
    let world = World.communicator

    /// The methods of the paper, each with what the simulation calls it.
    private struct Case {
      let method: Method
      let order: Simulation.Order
      var weights = AveragingWeights.equal
      let intervals: (Int) -> [Int]
      var rate: ((Int) -> Double)?
    }

    private func uneven(_ round: Int) -> [Int] { (0..<world.size).map { 1 + ($0 + round) % 4 } }

    private func cases(_ policy: MomentumPolicy) -> [Case] {
      let n = world.size
      let same = { (count: Int) in { (_: Int) in Array(repeating: count, count: n) } }
      let fixed = (0..<n).map { 1 + (2 * $0) % 5 }
      let growing = TimeVaryingSchedule(workers: n, intervalScale: 1.5, rateScale: 0.7, rateCap: 0.2)
      let epoch = { (round: Int) in growing.firstEpoch + round }
      var cases = [
        Case(method: .parallelSGD, order: .gradients, intervals: same(1)),
        Case(
          method: .averageFirst(interval: 3, momentum: policy, overlapped: true), order: .averageFirst,
          intervals: same(3)),
        Case(method: .stepFirst(interval: 3, momentum: policy), order: .stepFirst, intervals: same(3)),
        Case(
          method: .stepFirst(growing, momentum: policy), order: .stepFirst,
          intervals: { same(growing.steps(epoch: epoch($0)))(0) },
          rate: { growing.learningRate(epoch: epoch($0)) }),
        Case(
          method: .stepFirst(ReplayedIntervals((0..<20).map(uneven)), momentum: policy), order: .stepFirst,
          intervals: uneven),
      ]
      for weights in AveragingWeights.allCases {
        cases.append(
          Case(
            method: .stepFirst(IntervalPerWorker(fixed), momentum: policy, weights: weights), order: .stepFirst,
            weights: weights, intervals: { _ in fixed }))
      }
      return cases
    }

    /// Step by step: a worker's model after each of its steps is the simulation's.
    private func follow(_ trainer: Trainer, _ simulation: Simulation, rounds: Int, _ comment: Comment) throws {
      var simulation = simulation
      for round in 1...rounds {
        for (step, model) in simulation.runRound()[world.rank].enumerated() {
          try trainer.step()
          let distance = relativeDistance(trainer.worker.parameters.doubles, model)
          #expect(distance < 1e-4, "round \(round), step \(step + 1) of \(comment)")
        }
        #expect(trainer.averager.rounds == round)
      }
    }

    private func simulation(
      _ given: Case, _ scenario: Scenario, _ policy: MomentumPolicy?, start: [Double],
      gradient: @escaping (Int, [Double]) -> [Double]
    ) -> Simulation {
      let rate = scenario.optimizer.learningRate
      var simulation = Simulation(
        start: start, workers: world.size, order: given.order, rate: { round, _ in given.rate?(round) ?? rate },
        intervals: given.intervals, gradient: gradient)
      simulation.rule = scenario.optimizer.rule
      simulation.momentum = scenario.optimizer.momentum
      simulation.decay = scenario.optimizer.weightDecay
      simulation.policy = policy ?? .average
      simulation.weights = given.weights
      return simulation
    }

    @Test(arguments: [nil] + MomentumPolicy.allCases.map { Optional($0) }, [true, false])
    func noiselessQuadraticsFollowTheSimulation(policy: MomentumPolicy?, sharesMemory: Bool) throws {
      let optimizer = LocalOptimizer(learningRate: 0.1, momentum: policy == nil ? 0 : 0.8, weightDecay: 0.01)
      try followOnQuadratics(optimizer, policy, sharesMemory: sharesMemory)
    }

    nonisolated static let otherOptimizers = [
      LocalOptimizer(learningRate: 0.1, momentum: 0.8, weightDecay: 0.01, isNesterov: true),
      .adamW(learningRate: 0.05, beta1: 0.8, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1),
    ]

    @Test(arguments: otherOptimizers, MomentumPolicy.allCases)
    func otherOptimizersFollowTheSimulation(optimizer: LocalOptimizer, policy: MomentumPolicy) throws {
      for sharesMemory in [true, false] { try followOnQuadratics(optimizer, policy, sharesMemory: sharesMemory) }
    }

    private func followOnQuadratics(
      _ optimizer: LocalOptimizer, _ policy: MomentumPolicy?, sharesMemory: Bool
    ) throws {
      var problem = QuadraticProblem()
      (problem.dimension, problem.noise, problem.heterogeneity, problem.spread) = (7, 0, 2, 0.5)
      for given in cases(policy ?? .average) {
        let scenario = Scenario(method: given.method, optimizer: optimizer, sharesMemory: sharesMemory)
        let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: scenario.seed)
        let centers = (0..<world.size).map { problem.center(worker: $0, seed: scenario.seed) }
        let simulation = simulation(given, scenario, policy, start: Array(repeating: 0, count: 7)) { worker, x in
          let scale = problem.scale(worker: worker, of: world.size)
          return x.indices.map { scale * problem.curvature($0) * (x[$0] - centers[worker][$0]) }
        }
        try follow(try scenario.trainer(objective, world), simulation, rounds: 12, "\(given.method)")
      }
    }

    @Test(arguments: [nil] + MomentumPolicy.allCases.map { Optional($0) }, [true, false])
    func logisticRegressionFollowsTheSimulation(policy: MomentumPolicy?, sharesMemory: Bool) throws {
      for given in cases(policy ?? .average) {
        let scenario = Scenario(
          problem: "training=61,test=5,features=9,classes=4", model: .logisticRegression, method: given.method,
          optimizer: LocalOptimizer(learningRate: 0.2, momentum: policy == nil ? 0 : 0.9, weightDecay: 0.01),
          batchSize: nil, piece: 16, partition: .contiguous, sharesMemory: sharesMemory)
        let data = try softmaxRegression(scenario)
        let shards = shards(data.samples.count)
        var simulation = simulation(given, scenario, policy, start: Array(repeating: 0, count: 40)) { worker, x in
          data.gradient(x, over: shards[worker])
        }
        simulation.shares = shards.map { Double($0.count) / Double(data.samples.count) }
        try follow(try scenario.trainer(world), simulation, rounds: 5, "\(given.method)")
      }
    }

    private func softmaxRegression(_ scenario: Scenario) throws -> SoftmaxRegression {
      var reader = try scenario.reader(.training)
      let (count, features) = (reader.sampleCount, reader.format.featureCount)
      let numbers = AlignedBuffer<Float>(count: count * features)
      try reader.read(count, into: UnsafeMutableRawBufferPointer(numbers.elements))
      return SoftmaxRegression(
        samples: (0..<count).map { i in (0..<features).map { Double(numbers[i * features + $0]) } },
        labels: reader.labels.map(Int.init), classes: reader.format.classCount)
    }

    /// In file order, the first workers one sample larger where they cannot be equal.
    private func shards(_ count: Int) -> [Range<Int>] {
      var shards: [Range<Int>] = []
      for worker in 0..<world.size {
        let start = shards.last?.upperBound ?? 0
        shards.append(start..<start + count / world.size + (worker < count % world.size ? 1 : 0))
      }
      return shards
    }
  }
}
