import Averaging
import Testing
import Training

/// A method of the catalog as one process in Double would run it, all workers one after another, written in the plainest
/// way from the papers' equations and with nothing of `Averaging`'s. x_i: worker i's model; x̄: the mean of all.
protocol SimulatedMethod {
  /// A round: local steps, and what the method exchanges after, before or during them.
  mutating func round(_ workers: inout SimulatedWorkers)

  /// The model that stands for all.
  func result(_ workers: SimulatedWorkers) -> Vector
}

extension SimulatedMethod {
  func result(_ workers: SimulatedWorkers) -> Vector { workers.models.mean() }
}

/// The methods.
enum Simulated {}

/// All workers of a simulated run, and the local steps that they take.
struct SimulatedWorkers {
  let problem: any SimulatedProblem
  let optimizer: LocalOptimizer
  let policy: MomentumPolicy
  /// γ of step t = 0, 1, … of a worker.
  var rate: (Int) -> Double
  /// x_i.
  var models: [Vector]
  /// u_i, Adam's first moment; and its second.
  private(set) var moments: [Vector]
  private var secondMoments: [Vector]
  /// Steps since worker i's moments were zero.
  private var stepsInMoments: [Int]
  /// What is taken off worker i's gradients.
  var corrections: [Vector]
  /// Steps that worker i has taken.
  private(set) var steps: [Int]
  /// Σ of the losses of the round's batches, over all workers, and how many there were.
  private(set) var roundLosses = (sum: 0.0, count: 0)
  /// Each worker's models after the steps of this round.
  private var paths: [[Vector]]
  private var stepsInRound: [Int]

  init(
    _ problem: any SimulatedProblem, _ optimizer: LocalOptimizer, _ policy: MomentumPolicy,
    rate: @escaping (Int) -> Double
  ) {
    self.problem = problem
    self.optimizer = optimizer
    self.policy = policy
    self.rate = rate
    let workers = problem.shares.indices
    models = workers.map { _ in problem.start }
    moments = workers.map { _ in .zeros(problem.start.count) }
    (secondMoments, corrections) = (moments, moments)
    steps = workers.map { _ in 0 }
    (stepsInMoments, stepsInRound) = (steps, steps)
    paths = workers.map { _ in [] }
  }

  /// N.
  var count: Int { models.count }
  var all: Range<Int> { models.indices }
  /// γ of the last step of worker 0.
  var lastRate: Double { rate(steps[0] - 1) }
  /// Passes over all data that all workers together have taken, where they take the same steps.
  var epoch: Double { Double(steps[0]) * problem.epochsPerStep }

  /// Runs rounds.
  /// - Returns: by round, the models of a worker after each of its steps; after the last one, as the round leaves it. Where
  ///   it takes no step, that one only.
  mutating func run(_ method: inout any SimulatedMethod, rounds: Int, of worker: Int) -> [[Vector]] {
    (0..<rounds).map { _ in
      paths = paths.map { _ in [] }
      stepsInRound = steps.map { _ in 0 }
      roundLosses = (0, 0)
      method.round(&self)
      return paths[worker] + [models[worker]]
    }
  }

  // MARK: Local steps

  /// g_i at x_i, of worker i's next batch, less its correction.
  mutating func gradient(_ i: Int) -> Vector {
    if stepsInRound[i] > 0 { paths[i].append(models[i]) }
    let (loss, gradient) = problem.gradient(i, batch: steps[i], at: models[i])
    steps[i] += 1
    stepsInRound[i] += 1
    roundLosses = (roundLosses.sum + loss, roundLosses.count + 1)
    return gradient - corrections[i]
  }

  /// x_i ← y less the optimiser's step with a gradient that was taken at x.
  mutating func descend(_ i: Int, _ gradient: Vector, at x: Vector, from y: Vector) {
    let (rate, decay, beta) = (rate(steps[i] - 1), optimizer.weightDecay, optimizer.momentum)
    stepsInMoments[i] += 1
    switch optimizer.rule {
    case .sgd:
      moments[i] = beta * moments[i] + gradient + decay * x
      models[i] = y - rate * moments[i]
    case .nesterov:
      let total = gradient + decay * x
      moments[i] = beta * moments[i] + total
      models[i] = y - rate * (total + beta * moments[i])
    case .adamW(let beta1, let beta2, let epsilon):
      moments[i] = beta1 * moments[i] + (1 - beta1) * gradient
      secondMoments[i] = beta2 * secondMoments[i] + (1 - beta2) * gradient.map { $0 * $0 }
      let (first, second) = (1 / (1 - power(beta1, stepsInMoments[i])), 1 / (1 - power(beta2, stepsInMoments[i])))
      let scales = secondMoments[i].map { (second * $0).squareRoot() + epsilon }
      let direction = Vector(zip(moments[i].numbers, scales.numbers).map { first * $0 / $1 })
      models[i] = y - rate * (decay * x + direction)
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1.0) { product, _ in product * base }
  }

  /// A step of worker i by itself.
  mutating func step(_ i: Int) {
    let gradient = gradient(i)
    descend(i, gradient, at: models[i], from: models[i])
  }

  /// So many steps of all workers.
  mutating func step(times count: Int) {
    for i in all { for _ in 0..<count { step(i) } }
  }

  // MARK: Averages

  /// x_i ← x for all.
  mutating func setModels(_ x: Vector) { models = models.map { _ in x } }

  /// What becomes of the moments where worker i takes Σ_j w_ij x_j.
  mutating func mixMoments(_ weights: [[Double]]) {
    guard policy == .average else { return averageMoments() }
    (moments, secondMoments) = (weights.map { moments.mean($0) }, weights.map { secondMoments.mean($0) })
  }

  /// What becomes of the moments of some workers where these are averaged.
  mutating func averageMoments(_ members: [Int], _ weights: [Double]) {
    switch policy {
    case .local: break
    case .reset:
      for i in members {
        (moments[i], secondMoments[i]) = (.zeros(models[i].count), .zeros(models[i].count))
        stepsInMoments[i] = 0
      }
    case .average:
      let (first, second) = (
        members.map { moments[$0] }.mean(weights), members.map { secondMoments[$0] }.mean(weights)
      )
      for i in members { (moments[i], secondMoments[i]) = (first, second) }
    }
  }

  /// The same of all workers.
  mutating func averageMoments() { averageMoments(Array(all), all.map { _ in 1 / Double(count) }) }

  /// x_i ← x̄ for all, and what becomes of the moments.
  mutating func average() {
    setModels(models.mean())
    averageMoments()
  }
}

extension Trainer {
  /// Takes the steps of a simulated worker, and expects its model after each.
  @MainActor func expectToFollow(_ path: [[Vector]], tolerance: Double, _ comment: String) throws {
    for (round, models) in path.enumerated() {
      for (index, model) in models.enumerated() {
        try step()
        let distance = relativeDistance(worker.parameters.doubles, model.numbers)
        #expect(distance < tolerance, "round \(round + 1), step \(index + 1) of \(comment)")
      }
    }
  }
}
