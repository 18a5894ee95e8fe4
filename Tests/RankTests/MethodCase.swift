import Averaging
import Kernels
import Testing
import Training

/// A method of the catalog as a user names it, in a setting that shows what it does, and the same method as it is simulated.
struct MethodCase: CustomTestStringConvertible, Sendable {
  let specification: String
  /// What else the method is made of.
  var configure: @Sendable (inout MethodSettings) -> Void = { _ in }
  var optimizer = LocalOptimizer(learningRate: 0.1, momentum: 0.8, weightDecay: 0.01)
  /// γ from some step on, if it changes.
  var fall: (step: Int, rate: Double)?
  var problems = [TestProblem.quadratic, .softmax]
  var rounds = 6
  /// Of ‖x − simulated‖/‖simulated‖: what steps in single precision may lose.
  var tolerance = 1e-4
  let simulated: @Sendable (MethodSettings) -> any SimulatedMethod

  init(
    _ specification: String, configure: @escaping @Sendable (inout MethodSettings) -> Void = { _ in },
    simulated: @escaping @Sendable (MethodSettings) -> any SimulatedMethod
  ) {
    self.specification = specification
    self.configure = configure
    self.simulated = simulated
  }

  func with(_ change: (inout MethodCase) -> Void) -> MethodCase {
    var copy = self
    change(&copy)
    return copy
  }

  var testDescription: String { specification }

  func settings(_ problem: any SimulatedProblem) -> MethodSettings {
    var settings = MethodSettings()
    settings.schedule = FixedInterval(3)
    settings.order = .stepFirst
    settings.workers = problem.shares.count
    settings.stepsPerShard = problem.stepsPerShard
    let numbers = problem.start.count
    settings.segments = [0..<numbers / 3, numbers / 3..<numbers]
    settings.learningRate = optimizer.learningRate
    settings.seed = 23
    configure(&settings)
    return settings
  }

  /// γ of step t.
  func rate(_ t: Int) -> Double {
    if let fall, t >= fall.step { return fall.rate }
    return optimizer.learningRate
  }

  /// The same as a function of epochs.
  func learningRate(_ problem: any SimulatedProblem) -> LearningRate? {
    fall.map {
      var rate = LearningRate(optimizer.learningRate)
      rate.pieces = [.init(epoch: (Double($0.step) - 0.5) * problem.epochsPerStep, rate: $0.rate)]
      return rate
    }
  }
}

/// What the workers of a method case minimise.
enum TestProblem: Sendable {
  /// Quadratics that differ from worker to worker, without noise.
  case quadratic
  /// The same of more numbers than a codec's bucket.
  case wideQuadratic
  /// Softmax regression on mini-batches of shards that differ in size and content.
  case softmax

  private var formula: QuadraticProblem {
    var problem = QuadraticProblem()
    problem.dimension = self == .quadratic ? 70 : 600
    problem.heterogeneity = Double(problem.dimension).squareRoot() / 2
    (problem.noise, problem.spread) = (0, 0.5)
    return problem
  }

  func scenario(_ method: Method, _ optimizer: LocalOptimizer) -> Scenario {
    Scenario(
      problem: "training=61,test=5,features=9,classes=4", model: .logisticRegression, method: method,
      optimizer: optimizer, batchSize: 3, piece: 16, partition: .contiguous)
  }

  func simulated(workers: Int) throws -> any SimulatedProblem {
    let scenario = scenario(.parallelSGD, LocalOptimizer(learningRate: 1))
    return switch self {
    case .quadratic, .wideQuadratic: SimulatedQuadratic(formula, workers: workers, seed: scenario.seed)
    case .softmax: try SimulatedSoftmaxRegression(scenario, workers: workers)
    }
  }

  /// A trainer of this rank's worker; every rank must make its own together.
  @MainActor func trainer(_ scenario: Scenario) throws -> Trainer {
    let world = World.communicator
    guard self != .softmax else { return try scenario.trainer(world) }
    let objective = QuadraticObjective(formula, worker: world.rank, of: world.size, seed: scenario.seed)
    return try scenario.trainer(objective, world)
  }
}
