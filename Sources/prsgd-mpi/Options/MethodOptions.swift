import ArgumentParser
import Averaging
import Failures
import MessagePassing
import Records
import Training

extension StepOrder: ExpressibleByArgument {}
extension MomentumPolicy: ExpressibleByArgument {}
extension AveragingWeights: ExpressibleByArgument {}

/// Which method of averaging, the same in `train` and `bench`.
struct MethodOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The method, NAME or NAME:KEY=VALUE,…; methods that replace different parts are joined by +, such as slowmo+qsr. "
        + "prsgd-mpi algorithms lists all, and prsgd-mpi algorithms NAME explains one. (default: pr-sgd)",
      valueName: "name"),
    transform: { try MethodSpecification(parsing: $0) })
  var algorithm = MethodSpecification.standard

  @Option(
    help: ArgumentHelp(
      "Of pr-sgd: average-first, equation 2 of the paper, averages the models before the step, and each worker's step is "
        + "added to the average. step-first averages the models after the step, as the other algorithms do.",
      valueName: "name"))
  var order = StepOrder.averageFirst

  @Option(
    help: ArgumentHelp(
      "I: local steps between averagings; theory is T^(1/4)/N^(3/4). pr-sgd-het also takes a number for each rank "
        + "(32,32,16,8), calibrated:MEAN (from measured step times) and adaptive:MIN..MAX (workers keep stepping until all "
        + "have done MIN). (default: 8, unless the method has its own)", valueName: "steps"),
    transform: { try IntervalOption(parsing: $0) })
  var interval: IntervalOption?

  @Flag(
    inversion: .prefixedNo, help: "Average while the gradient is computed (average-first only; the bits are the same).")
  var overlap = true

  @Flag(
    inversion: .prefixedNo,
    help: "Average in shared memory within a node, and send only the node's sum between nodes.")
  var sharedMemory = true

  @Option(
    help: ArgumentHelp(
      "What an averaging does with the momentum (of adamw, both moments): average it too, keep it local, or reset it. "
        + "(default: average, unless the method has its own)", valueName: "name"))
  var momentumPolicy: MomentumPolicy?

  @Option(
    help: ArgumentHelp(
      "How models are weighted in an average: equally, by their steps in the round, by their samples, or normalized by "
        + "steps (FedNova).", valueName: "name"))
  var weights = AveragingWeights.equal

  @Option(help: ArgumentHelp("Of pr-sgd-tv: a in K^s = a s^(1/3)/N steps.", valueName: "a"))
  var intervalScale = 1.0

  @Option(help: ArgumentHelp("Of pr-sgd-tv: b in γ^s = b N/s^(2/3), at most 1/L with --smoothness.", valueName: "b"))
  var rateScale = 1.0

  @Option(help: ArgumentHelp("Repeat the rounds recorded in an intervals.csv.", valueName: "file"))
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
      _ = try methodBeforeRun()
      if replay == nil { try refuseWithoutEffect() }
    } catch let failure as Failure {
      throw ValidationError(failure.message)
    }
  }

  /// The method as far as the options alone say it: rounds that are read from a file are not.
  /// - Throws: `Failure(.usage)` for what does not go together.
  func methodBeforeRun() throws -> Method {
    var settings = settings(MethodSettings())
    if case .perWorker(let intervals) = resolvedInterval { settings.workers = intervals.count }
    if replay == nil { settings.schedule = try schedule(workers: settings.workers, steps: settings.steps) }
    return try algorithm.method(settings)
  }

  /// Options that some methods have no use for.
  static let ofSomeMethods = [
    "order", "interval", "weights", "interval-scale", "rate-scale", "momentum-policy", "replay",
  ]

  /// Refuses what changes nothing of the method: it is the same one without.
  private func refuseWithoutEffect() throws {
    let method = { (options: MethodOptions) throws in
      "\(try options.methodBeforeRun())"
    }
    let changed = try method(self)
    let options: [(name: String, isUsual: Bool, reset: (inout MethodOptions) -> Void)] = [
      ("order", order == .averageFirst, { $0.order = .averageFirst }),
      ("interval", interval.map { [.theory, .steps(algorithm.interval)].contains($0) } ?? true, { $0.interval = nil }),
      ("weights", weights == .equal, { $0.weights = .equal }),
      ("interval-scale", intervalScale == 1, { $0.intervalScale = 1 }),
      ("rate-scale", rateScale == 1, { $0.rateScale = 1 }),
      ("momentum-policy", momentumPolicy.map { $0 == algorithm.momentum } ?? true, { $0.momentumPolicy = nil }),
    ]
    for (name, isUsual, reset) in options where !isUsual {
      var usual = self
      reset(&usual)
      // Without an option that others depend on there may be no method at all.
      if (try? method(usual)) == changed { throw Failure(.usage, "--\(name) has no effect on \(algorithm).") }
    }
  }

  /// What is known of a run, and what the options say by themselves.
  private func settings(_ run: MethodSettings) -> MethodSettings {
    var settings = run
    settings.order = order
    settings.overlaps = overlap
    settings.momentum = momentumPolicy
    settings.weights = weights
    settings.intervalScale = intervalScale
    settings.rateScale = rateScale
    return settings
  }

  /// - Parameter run: what is known of the run.
  /// - Throws: `Failure` for what does not fit the number of workers.
  func method(_ run: MethodSettings) throws -> Method {
    var settings = settings(run)
    settings.schedule = try schedule(workers: run.workers, steps: run.steps)
    return try algorithm.method(settings)
  }

  /// A worker's vectors, in shared memory where that is wanted and can be.
  func worker(
    for method: Method, parameterCount: Int, optimizer: LocalOptimizer, sharesMemory: Bool = true,
    _ communicator: Communicator
  ) throws -> WorkerState {
    let (moments, slots) = (optimizer.moments, method.slots)
    guard sharedMemory && sharesMemory else {
      return WorkerState(parameterCount: parameterCount, moments: moments, slots: slots)
    }
    return try .shared(parameterCount: parameterCount, moments: moments, slots: slots, by: communicator)
  }

  /// Parallel mini-batch SGD, averaged in the same way.
  var asParallelSGD: MethodOptions {
    var options = self
    (options.algorithm, options.interval, options.momentumPolicy) = (.parallelSGD, nil, nil)
    (options.order, options.weights) = (.averageFirst, .equal)
    return options
  }

  private var resolvedInterval: IntervalOption { interval ?? .steps(algorithm.interval) }

  private func schedule(workers: Int, steps: Int) throws -> any Schedule {
    if let replay {
      let text = try InputFile.read(replay)
      return ReplayedIntervals(try IntervalLog.parse(text, name: replay, workers: workers))
    }
    return try resolvedInterval.schedule(workers: workers, steps: steps)
  }

  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [
      "algorithm": .text("\(algorithm)"), "order": .text(order.rawValue), "overlap": .flag(overlap),
      "shared-memory": .flag(sharedMemory), "interval": resolvedInterval.recorded,
      "momentum-policy": .text((momentumPolicy ?? algorithm.momentum).rawValue), "weights": .text(weights.rawValue),
      "interval-scale": .number(intervalScale), "rate-scale": .number(rateScale),
    ]
    if let replay { options["replay"] = .text(replay) }
    return options
  }
}
