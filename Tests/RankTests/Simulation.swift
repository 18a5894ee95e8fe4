import Averaging
import Training

/// Local SGD with averaging as one process in Double would run it, all workers one after another, written in the
/// plainest way. Everything that tells one algorithm from another is a stored closure or number.
struct Simulation {
  /// The order of a round's last step and its average.
  enum Order { case averageFirst, stepFirst, gradients }

  var workers: Int
  var order: Order
  var rule = LocalOptimizer.Rule.sgd
  /// ∇f_i(x) without weight decay.
  var gradient: (_ worker: Int, _ x: [Double]) -> [Double]
  /// τ of each worker in round r = 0, 1, ….
  var intervals: (_ round: Int) -> [Int]
  /// γ of step s = 0, 1, … of a round.
  var rate: (_ round: Int, _ step: Int) -> Double
  var momentum = 0.0
  var decay = 0.0
  var policy = MomentumPolicy.average
  var weights = AveragingWeights.equal
  /// n_i / n.
  var shares: [Double]

  var models: [[Double]]
  var buffers: [[Double]]
  var secondMoments: [[Double]]
  /// Steps since each worker's moments were zero.
  var counts: [Int]
  var anchor: [Double]
  private(set) var round = 0

  init(
    start: [Double], workers: Int, order: Order, rate: @escaping (Int, Int) -> Double,
    intervals: @escaping (Int) -> [Int], gradient: @escaping (Int, [Double]) -> [Double]
  ) {
    self.workers = workers
    self.order = order
    self.rate = rate
    self.intervals = intervals
    self.gradient = gradient
    shares = Array(repeating: 1 / Double(workers), count: workers)
    models = Array(repeating: start, count: workers)
    buffers = Array(repeating: start.map { _ in 0 }, count: workers)
    secondMoments = buffers
    counts = Array(repeating: 0, count: workers)
    anchor = start
  }

  /// One step from where the worker is, with a gradient that was taken at x.
  private mutating func step(_ worker: Int, _ index: Int, _ gradient: [Double], at x: [Double]) {
    let rate = rate(round, index)
    counts[worker] += 1
    for i in gradient.indices {
      let total = gradient[i] + decay * x[i]
      switch rule {
      case .sgd, .nesterov:
        buffers[worker][i] = momentum * buffers[worker][i] + total
        let ahead = total + momentum * buffers[worker][i]
        models[worker][i] -= rate * (rule == .sgd ? buffers[worker][i] : ahead)
      case .adamW(let beta1, let beta2, let epsilon):
        let square = gradient[i] * gradient[i]
        buffers[worker][i] = beta1 * buffers[worker][i] + (1 - beta1) * gradient[i]
        secondMoments[worker][i] = beta2 * secondMoments[worker][i] + (1 - beta2) * square
        let count = counts[worker]
        let power = { (beta: Double) in (0..<count).reduce(1.0) { product, _ in product * beta } }
        let first = buffers[worker][i] / (1 - power(beta1))
        let second = secondMoments[worker][i] / (1 - power(beta2))
        models[worker][i] -= rate * (decay * x[i] + first / (second.squareRoot() + epsilon))
      }
    }
  }

  /// At the worker's own model.
  private mutating func step(_ worker: Int, _ index: Int) {
    step(worker, index, gradient(worker, models[worker]), at: models[worker])
  }

  private func mean(_ vectors: [[Double]], _ weights: [Double]) -> [Double] {
    vectors[0].indices.map { i in zip(vectors, weights).reduce(0) { $0 + $1.1 * $1.0[i] } }
  }

  private mutating func average() {
    let steps = intervals(round).map(Double.init)
    let factors: [Double] =
      switch weights {
      case .equal: Array(repeating: 1 / Double(workers), count: workers)
      case .steps: steps.map { $0 / steps.reduce(0, +) }
      case .samples, .normalized: shares
      }
    var meanModel = mean(models, factors)
    if weights == .normalized {
      let perStep = zip(models, steps).map { model, count in zip(model, anchor).map { ($0 - $1) / count } }
      let meanSteps = zip(shares, steps).reduce(0) { $0 + $1.0 * $1.1 }
      meanModel = zip(anchor, mean(perStep, shares)).map { $0 + meanSteps * $1 }
    }
    let (meanBuffer, meanSecond) = (mean(buffers, factors), mean(secondMoments, factors))
    for worker in 0..<workers {
      models[worker] = meanModel
      switch policy {
      case .average: (buffers[worker], secondMoments[worker]) = (meanBuffer, meanSecond)
      case .reset:
        buffers[worker] = buffers[worker].map { _ in 0 }
        (secondMoments[worker], counts[worker]) = (buffers[worker], 0)
      case .local: break
      }
    }
    anchor = meanModel
  }

  /// One round. All of it but its last step is the same in every order.
  /// - Returns: of each worker, its model after each of its steps; after the last one, as the round leaves it.
  mutating func runRound() -> [[[Double]]] {
    let steps = intervals(round)
    var paths = models.map { _ in [[Double]]() }
    for worker in 0..<workers {
      for index in 0..<steps[worker] - 1 {
        step(worker, index)
        paths[worker].append(models[worker])
      }
    }
    let (before, gradients) = (models, (0..<workers).map { gradient($0, models[$0]) })
    switch order {
    case .averageFirst:
      average()
      for worker in 0..<workers { step(worker, steps[worker] - 1, gradients[worker], at: before[worker]) }
    case .stepFirst:
      for worker in 0..<workers { step(worker, steps[worker] - 1) }
      average()
    case .gradients:
      let meanGradient = mean(gradients, Array(repeating: 1 / Double(workers), count: workers))
      for worker in 0..<workers { step(worker, 0, meanGradient, at: before[worker]) }
    }
    for worker in 0..<workers { paths[worker].append(models[worker]) }
    round += 1
    return paths
  }
}
