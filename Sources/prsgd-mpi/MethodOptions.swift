import ArgumentParser
import Averaging
import Failures
import MessagePassing
import Records
import Training

extension StepOrder: ExpressibleByArgument {}
extension MomentumPolicy: ExpressibleByArgument {}
extension AveragingWeights: ExpressibleByArgument {}

/// `--interval`: how many local steps a round has.
enum IntervalOption: Equatable, ExpressibleByArgument, CustomStringConvertible {
  case steps(Int)
  /// ⌊T^{1/4} / N^{3/4}⌋, the corollary's, at least 1.
  case theory
  case perWorker([Int])
  case calibrated(mean: Int)
  case adaptive(minimum: Int, maximum: Int)

  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("theory", 1): self = .theory
    case ("calibrated", 2):
      guard let mean = Int(parts[1]), mean > 0 else { return nil }
      self = .calibrated(mean: mean)
    case ("adaptive", 2):
      guard let range = parts[1].firstRange(of: ".."), let low = Int(parts[1][..<range.lowerBound]),
        let high = Int(parts[1][range.upperBound...]), low > 0, high >= low
      else { return nil }
      self = .adaptive(minimum: low, maximum: high)
    default:
      let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.allSatisfy({ $0 != nil && $0! > 0 }) else { return nil }
      self = numbers.count == 1 ? .steps(numbers[0]!) : .perWorker(numbers.map { $0! })
    }
  }

  var description: String {
    switch self {
    case .steps(let count): "\(count)"
    case .theory: "theory"
    case .perWorker(let counts): counts.map(String.init).joined(separator: ",")
    case .calibrated(let mean): "calibrated:\(mean)"
    case .adaptive(let minimum, let maximum): "adaptive:\(minimum)..\(maximum)"
    }
  }
}

/// Which method of averaging, the same in `train` and `bench`.
struct MethodOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The method, NAME or NAME:KEY=VALUE,…; several that say different parts are joined by +, as slowmo+qsr. "
        + "prsgd-mpi algorithms lists them, and prsgd-mpi algorithms NAME explains one. (default: pr-sgd)",
      valueName: "name"),
    transform: { try MethodSpecification(parsing: $0) })
  var algorithm = MethodSpecification.standard

  @Option(
    help: ArgumentHelp(
      "Of pr-sgd. average-first is equation 2 of the paper: the average of the models from before the step, less the "
        + "step. step-first averages what the workers reach by the step, as the other algorithms do.",
      valueName: "name"))
  var order = StepOrder.averageFirst

  @Option(
    help: ArgumentHelp(
      "I: local steps from one averaging to the next; theory is T^(1/4)/N^(3/4). pr-sgd-het also takes one number a "
        + "rank (32,32,16,8), calibrated:MEAN (set from measured step times) and adaptive:MIN..MAX (a worker steps on "
        + "until all have done MIN). (default: 8, unless the method has its own)", valueName: "steps"))
  var interval: IntervalOption?

  @Flag(
    inversion: .prefixedNo, help: "Average while the gradient is computed (average-first only; the bits are the same).")
  var overlap = true

  @Flag(
    inversion: .prefixedNo,
    help: "Where all ranks run on one node, average in memory that they share, with nothing to send or to overlap.")
  var sharedMemory = true

  @Option(
    help: ArgumentHelp(
      "What an averaging does with the momentum (of adamw, both moments): average it too, keep it local, or reset it. (default: average, unless "
        + "the method has its own)", valueName: "name"))
  var momentumPolicy: MomentumPolicy?

  @Option(
    help: ArgumentHelp(
      "How models count in an average: equal, by their steps in the round, by their samples, or normalized by steps "
        + "(FedNova).", valueName: "name"))
  var weights = AveragingWeights.equal

  @Option(help: ArgumentHelp("Of pr-sgd-tv: a in K^s = a s^(1/3)/N steps.", valueName: "a"))
  var intervalScale = 1.0

  @Option(help: ArgumentHelp("Of pr-sgd-tv: b in γ^s = b N/s^(2/3), at most 1/L with --smoothness.", valueName: "b"))
  var rateScale = 1.0

  @Option(help: ArgumentHelp("Repeat the rounds that an intervals.csv holds.", valueName: "file"))
  var replay: String?

  func validate() throws {
    if !algorithm.traits.contains(.unevenSteps) {
      switch resolvedInterval {
      case .steps, .theory: break
      default: throw ValidationError("--interval \(resolvedInterval) wants --algorithm pr-sgd-het.")
      }
      if replay != nil { throw ValidationError("--replay wants --algorithm pr-sgd-het.") }
    }
    guard intervalScale > 0, intervalScale <= 1e6 else {
      throw ValidationError("--interval-scale must be positive, not \(intervalScale).")
    }
    guard rateScale > 0, rateScale <= 1e6 else {
      throw ValidationError("--rate-scale must be positive, not \(rateScale).")
    }
    if algorithm.name == "psgd" && weights != .equal {
      throw ValidationError("--weights \(weights.rawValue) is of averaged models, not of psgd.")
    }
    // What does not go together is said before MPI starts; what depends on the run is not known yet.
    do {
      var settings = settings
      if case .perWorker(let intervals) = resolvedInterval { settings.workers = intervals.count }
      if replay == nil { settings.schedule = try schedule(workers: settings.workers, steps: settings.steps) }
      _ = try algorithm.method(settings)
    } catch let failure as Failure {
      throw ValidationError(failure.message)
    }
  }

  /// What the options say by themselves.
  private var settings: MethodSettings {
    var settings = MethodSettings()
    settings.order = order
    settings.overlaps = overlap
    settings.momentum = momentumPolicy
    settings.weights = weights
    settings.intervalScale = intervalScale
    settings.rateScale = rateScale
    return settings
  }

  /// - Parameters:
  ///   - run: what is known of the run.
  ///   - seed: of everything random.
  ///   - smoothness: L, where it is known.
  /// - Throws: `Failure` for what does not fit the number of workers.
  func method(_ run: RunFacts, seed: UInt64, smoothness: Double?) throws -> Method {
    var settings = settings
    settings.workers = run.workers
    settings.steps = run.steps
    settings.stepsPerEpoch = run.stepsPerEpoch
    settings.stepsPerShard = run.stepsPerShard
    settings.seed = seed
    settings.smoothness = smoothness
    settings.stepsAreProportional = run.stepsAreProportional
    settings.segments = run.segments
    settings.learningRate = run.learningRate
    settings.warmup = run.warmup
    settings.firstFall = run.firstFall
    settings.schedule = try schedule(workers: run.workers, steps: run.steps)
    return try algorithm.method(settings)
  }

  /// A worker's vectors, in shared memory where that is wanted and can be.
  func worker(
    for method: Method, parameterCount: Int, optimizer: LocalOptimizer, _ communicator: Communicator
  ) throws -> WorkerState {
    let (moments, slots) = (optimizer.moments, method.slots)
    guard sharedMemory else {
      return WorkerState(parameterCount: parameterCount, moments: moments, slots: slots)
    }
    return try .shared(parameterCount: parameterCount, moments: moments, slots: slots, by: communicator)
  }

  private var resolvedInterval: IntervalOption { interval ?? .steps(algorithm.interval) }

  private func schedule(workers: Int, steps: Int) throws -> any Schedule {
    if let replay {
      let text = try InputFile.read(replay)
      return ReplayedIntervals(try IntervalLog.parse(text, name: replay, workers: workers))
    }
    switch resolvedInterval {
    case .perWorker(let intervals):
      guard intervals.count == workers else {
        throw Failure(.usage, "--interval \(resolvedInterval) names \(intervals.count) ranks, and there are \(workers)")
      }
      return IntervalPerWorker(intervals)
    case .calibrated(let mean): return CalibratedInterval(mean: mean, rounds: 20)
    case .adaptive(let minimum, let maximum): return AdaptiveInterval(minimum: minimum, maximum: maximum)
    case .steps, .theory: return FixedInterval(interval(workers: workers, steps: steps))
    }
  }

  /// I where it is one number: ⌊T^{1/4} / N^{3/4}⌋ by the theory, found in integers as the largest k with k⁴N³ ≤ T.
  private func interval(workers: Int, steps: Int) -> Int {
    if case .steps(let count) = resolvedInterval { return count }
    var interval = 1
    while Double(interval + 1) * Double(interval + 1) * Double(interval + 1) * Double(interval + 1)
      * Double(workers * workers * workers) <= Double(steps)
    { interval += 1 }
    return interval
  }

  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [
      "algorithm": .text("\(algorithm)"), "order": .text(order.rawValue), "overlap": .flag(overlap),
      "shared-memory": .flag(sharedMemory),
      "momentum-policy": .text((momentumPolicy ?? algorithm.momentum).rawValue), "weights": .text(weights.rawValue),
      "interval-scale": .number(intervalScale), "rate-scale": .number(rateScale),
    ]
    if case .steps(let count) = resolvedInterval {
      options["interval"] = .integer(count)
    } else {
      options["interval"] = .text("\(resolvedInterval)")
    }
    if let replay { options["replay"] = .text(replay) }
    return options
  }
}

/// What is known of a run before it begins.
struct RunFacts {
  /// N.
  var workers: Int
  /// T.
  var steps: Int
  var stepsPerEpoch: Int
  /// Steps of a pass over each worker's shard.
  var stepsPerShard: [Int]
  /// Epochs of one step of all workers.
  var stepEpochs: Double
  /// γ of the first step after a warm-up, the epochs of that, and the epoch at which γ first falls, if it does.
  var learningRate = 0.0
  var warmup = 0.0
  var firstFall: Double?
  /// Where each of the model's tensors lies in the flat vector.
  var segments: [Range<Int>] = []
  /// Whether the local steps are in proportion to gradients.
  var stepsAreProportional = true
}
