import Datasets
import Glibc
import Kernels
import Training

/// What the simulated workers minimise.
protocol SimulatedProblem {
  var start: Vector { get }
  /// n_i / n, of each worker.
  var shares: [Double] { get }
  /// Passes over all data that one step of all workers is.
  var epochsPerStep: Double { get }
  /// Steps of a worker that are a pass over its data, rounded up.
  var stepsPerShard: [Int] { get }
  /// Mean loss and gradient of worker i's batch k = 0, 1, …, without weight decay.
  func gradient(_ i: Int, batch k: Int, at x: Vector) -> (loss: Double, gradient: Vector)
}

/// f_i(x) = (a_i/2) Σ_j h_j (x_j − b_ij)², without noise.
struct SimulatedQuadratic: SimulatedProblem {
  private let curvatures: [Vector]
  private let centers: [Vector]

  init(_ problem: QuadraticProblem, workers: Int, seed: UInt64) {
    let shared = Vector((0..<problem.dimension).map(problem.curvature))
    curvatures = (0..<workers).map { problem.scale(worker: $0, of: workers) * shared }
    centers = (0..<workers).map { Vector(problem.center(worker: $0, seed: seed)) }
  }

  var start: Vector { .zeros(centers[0].count) }
  var shares: [Double] { centers.map { _ in 1 / Double(centers.count) } }
  var epochsPerStep: Double { 1 }
  var stepsPerShard: [Int] { centers.map { _ in 1 } }

  func gradient(_ i: Int, batch k: Int, at x: Vector) -> (loss: Double, gradient: Vector) {
    let away = x - centers[i]
    let gradient = Vector(zip(curvatures[i].numbers, away.numbers).map { $0 * $1 })
    return (zip(gradient.numbers, away.numbers).reduce(0) { $0 + $1.0 * $1.1 / 2 }, gradient)
  }
}

/// Softmax regression on mini-batches of shards that follow each other in the data; parameters are (in, out) weights and
/// then biases.
struct SimulatedSoftmaxRegression: SimulatedProblem {
  private let samples: [[Double]]
  private let labels: [Int]
  private let classes: Int
  private let shards: [Range<Int>]
  /// (worker, batch, sample)
  private let batches: [[[Int]]]

  /// On so many full batches: shards in file order.
  init(samples: [[Double]], labels: [Int], classes: Int, workers: Int, fullBatches count: Int) {
    (self.samples, self.labels, self.classes) = (samples, labels, classes)
    shards = Self.shards(samples.count, workers)
    batches = shards.map { Array(repeating: Array($0), count: count) }
  }

  /// - Parameter scenario: of a logistic regression, partitioned `contiguous`.
  init(_ scenario: Scenario, workers: Int, batches count: Int = 300) throws {
    var reader = try scenario.reader(.training)
    let (total, features) = (reader.sampleCount, reader.format.featureCount)
    let numbers = AlignedBuffer<Float>(count: total * features)
    try reader.read(total, into: UnsafeMutableRawBufferPointer(numbers.elements))
    samples = (0..<total).map { i in (0..<features).map { Double(numbers[i * features + $0]) } }
    labels = reader.labels.map(Int.init)
    classes = reader.format.classCount
    shards = Self.shards(total, workers)
    batches = shards.enumerated().map { worker, shard in
      let size = scenario.batchSize ?? shard.count
      var sampler = BatchSampler(sampleCount: shard.count, batchSize: size, seed: scenario.seed, worker: worker)
      let indices = AlignedBuffer<Int32>(count: size)
      return (0..<count).map { _ in
        sampler.next(into: indices.elements)
        return indices.elements.map { shard.lowerBound + Int($0) }
      }
    }
  }

  /// In file order, the first workers one sample larger where they cannot be equal.
  private static func shards(_ total: Int, _ workers: Int) -> [Range<Int>] {
    (0..<workers).map { worker in
      let (size, larger) = total.quotientAndRemainder(dividingBy: workers)
      let start = worker * size + min(worker, larger)
      return start..<start + size + (worker < larger ? 1 : 0)
    }
  }

  var start: Vector { .zeros((samples[0].count + 1) * classes) }
  var shares: [Double] { shards.map { Double($0.count) / Double(samples.count) } }
  var epochsPerStep: Double { Double(batches.reduce(0) { $0 + $1[0].count }) / Double(samples.count) }
  var stepsPerShard: [Int] { zip(shards, batches).map { ($0.count + $1[0].count - 1) / $1[0].count } }

  func gradient(_ i: Int, batch k: Int, at x: Vector) -> (loss: Double, gradient: Vector) {
    let features = samples[0].count
    var gradient = start
    var loss = 0.0
    for sample in batches[i][k] {
      let scores = (0..<classes).map { c in
        (0..<features).reduce(x[features * classes + c]) { $0 + samples[sample][$1] * x[$1 * classes + c] }
      }
      let exponentials = scores.map { exp($0 - scores.max()!) }
      let probabilities = exponentials.map { $0 / exponentials.reduce(0, +) }
      loss -= log(probabilities[labels[sample]])
      for c in 0..<classes {
        let error = probabilities[c] - (labels[sample] == c ? 1 : 0)
        for f in 0..<features { gradient[f * classes + c] += error * samples[sample][f] }
        gradient[features * classes + c] += error
      }
    }
    let weight = 1 / Double(batches[i][k].count)
    return (weight * loss, weight * gradient)
  }
}
