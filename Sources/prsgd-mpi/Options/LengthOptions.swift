import ArgumentParser
import Records
import Training

/// How long a run is, and how often, and on what, the average model is evaluated.
struct LengthOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Passes of all workers together over the training set. (default: 10)", valueName: "n"))
  var epochs: Double?

  @Option(help: ArgumentHelp("Local steps of each worker, instead of --epochs.", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("Steps between evaluations. (default: those of an epoch)", valueName: "steps"))
  var evaluateEvery: Int?

  @Option(
    help: ArgumentHelp(
      "End the run after this many evaluations in a row without a better test accuracy (training loss, if there is no "
        + "test set). --keep-best saves the best model. (default: never)",
      valueName: "evaluations"))
  var stopAfter: Int?

  @Option(
    help: ArgumentHelp(
      "Number of training samples, drawn once, on which evaluations compute the training loss, or all. With "
        + "--log-gradient-norm, --check-theory, --optimum, --batch-size full and problems given by a formula it is always "
        + "all. (default: as many as there are test samples)", valueName: "n|all"))
  var evaluateTraining: EvaluatedSamples?

  func validate() throws {
    if epochs != nil && steps != nil { throw ValidationError("--epochs and --steps exclude each other.") }
    if let epochs, !(epochs > 0 && epochs <= 1e6) {
      throw ValidationError("--epochs must be above 0 and at most 1000000, not \(epochs).")
    }
    for (name, count) in [("steps", steps), ("evaluate-every", evaluateEvery), ("stop-after", stopAfter)] {
      guard let count, !StepCount.range.contains(count) else { continue }
      throw ValidationError("--\(name) must be \(StepCount.text), not \(count).")
    }
    if case .samples(let count)? = evaluateTraining, count < 1 {
      throw ValidationError("--evaluate-training must be at least 1, or all, not \(count).")
    }
  }

  private var resolvedEpochs: Double { epochs ?? 10 }

  /// - Parameter stepsPerEpoch: of each worker.
  func runLength(stepsPerEpoch: Int) -> RunLength {
    let steps = steps ?? max(1, Int((resolvedEpochs * Double(stepsPerEpoch)).rounded(.up)))
    return RunLength(steps: steps, evaluationInterval: evaluateEvery ?? stepsPerEpoch, patience: stopAfter)
  }

  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [:]
    if let steps { options["steps"] = .integer(steps) } else { options["epochs"] = .number(resolvedEpochs) }
    if let evaluateEvery { options["evaluate-every"] = .integer(evaluateEvery) }
    if let stopAfter { options["stop-after"] = .integer(stopAfter) }
    if let evaluateTraining { options["evaluate-training"] = .text("\(evaluateTraining)") }
    return options
  }
}
