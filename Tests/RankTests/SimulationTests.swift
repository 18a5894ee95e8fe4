import Averaging
import Datasets
import Kernels
import MessagePassing
import Models
import Testing
import Training

/// Algorithm 1 as one process in Double would run it, all workers one after another, written in the plainest way, for
/// logistic regression on full batches. Parameters are (in, out) weights, then biases.
struct Simulation {
  let samples: [[Double]]
  let labels: [Int]
  let classes: Int
  let shards: [Range<Int>]
  let interval: Int
  let averagesFirst: Bool
  let policy: MomentumPolicy
  let rate: Double
  let momentum: Double
  let decay: Double

  var models: [[Double]] = []
  var buffers: [[Double]] = []
  var steps = 0

  mutating func start() {
    let count = (samples[0].count + 1) * classes
    models = shards.map { _ in [Double](repeating: 0, count: count) }
    buffers = models
  }

  func gradient(_ x: [Double], _ shard: Range<Int>) -> [Double] {
    var gradient = x.map { decay * $0 }
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

  private func mean(_ vectors: [[Double]]) -> [Double] {
    vectors[0].indices.map { i in vectors.reduce(0) { $0 + $1[i] } / Double(vectors.count) }
  }

  private mutating func average() {
    let meanModel = mean(models)
    let meanBuffer = mean(buffers)
    for worker in models.indices {
      models[worker] = meanModel
      switch policy {
      case .average: buffers[worker] = meanBuffer
      case .reset: buffers[worker] = buffers[worker].map { _ in 0 }
      case .local: break
      }
    }
  }

  mutating func step() {
    steps += 1
    let gradients = zip(models, shards).map { gradient($0, $1) }
    let isDue = steps % interval == 0
    if isDue && averagesFirst { average() }
    for worker in models.indices {
      for i in models[worker].indices {
        buffers[worker][i] = momentum * buffers[worker][i] + gradients[worker][i]
        models[worker][i] -= rate * buffers[worker][i]
      }
    }
    if isDue && !averagesFirst { average() }
  }
}

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

extension RankTests {
  @Suite(.serialized) @MainActor
  struct SimulationTests {
    let world = World.communicator

    @Test(arguments: [true, false], MomentumPolicy.allCases)
    func logisticRegressionFollowsTheSimulation(averagesFirst: Bool, policy: MomentumPolicy) throws {
      for momentum in [0, 0.9] {
        for decay in [0, 0.01] {
          try follow(averagesFirst: averagesFirst, policy: policy, momentum: momentum, decay: decay)
        }
      }
    }

    private func follow(averagesFirst: Bool, policy: MomentumPolicy, momentum: Double, decay: Double) throws {
      let interval = 3
      let momentumPolicy = momentum == 0 ? nil : policy
      let method: Method =
        averagesFirst
        ? .averageFirst(interval: interval, momentum: momentumPolicy, overlapped: true)
        : .stepFirst(interval: interval, momentum: momentumPolicy)
      let scenario = Scenario(
        problem: "training=61,test=5,features=9,classes=4", model: .logisticRegression, method: method,
        optimizer: LocalOptimizer(learningRate: 0.2, momentum: momentum, weightDecay: decay), batchSize: nil, piece: 16,
        partition: .contiguous)
      var simulation = try simulation(scenario, averagesFirst, policy, interval)
      let trainer = try scenario.trainer(world)
      for step in 1...10 {
        try trainer.step()
        simulation.step()
        let distance = relativeDistance(trainer.worker.parameters.doubles, simulation.models[world.rank])
        #expect(distance < 1e-4, "at step \(step)")
      }
    }

    private func simulation(
      _ scenario: Scenario, _ averagesFirst: Bool, _ policy: MomentumPolicy, _ interval: Int
    ) throws -> Simulation {
      var reader = try scenario.reader(.training)
      let (count, features) = (reader.sampleCount, reader.format.featureCount)
      let numbers = AlignedBuffer<Float>(count: count * features)
      try reader.read(count, into: UnsafeMutableRawBufferPointer(numbers.elements))
      // In file order, the first workers one sample larger where they cannot be equal.
      var shards: [Range<Int>] = []
      for worker in 0..<world.size {
        let start = shards.last?.upperBound ?? 0
        shards.append(start..<start + count / world.size + (worker < count % world.size ? 1 : 0))
      }
      var simulation = Simulation(
        samples: (0..<count).map { i in (0..<features).map { Double(numbers[i * features + $0]) } },
        labels: reader.labels.map(Int.init), classes: reader.format.classCount, shards: shards, interval: interval,
        averagesFirst: averagesFirst, policy: policy, rate: scenario.optimizer.learningRate,
        momentum: scenario.optimizer.momentum, decay: scenario.optimizer.weightDecay)
      simulation.start()
      return simulation
    }
  }
}
