import ArgumentParser
import Averaging
import Records
import Training

/// What a recipe for training adds to a worker's steps; of `train` alone.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Epochs in which γ grows linearly to its scheduled value (Goyal et al. 2017), for large batches of many workers.",
      valueName: "epochs"))
  var warmup = 0.0

  @Flag(
    inversion: .prefixedNo,
    help: "Decrease γ to 0 over the whole run along half a cosine (Loshchilov, Hutter 2017).")
  var cosine = false

  @Option(
    help: ArgumentHelp(
      "ε: each label counts 1 - ε, and ε is spread evenly over all classes (Szegedy et al. 2016), as "
        + "in torch.nn.CrossEntropyLoss. In training only: evaluations are of plain cross-entropy.",
      valueName: "share"))
  var labelSmoothing = 0.0

  func validate() throws {
    guard warmup >= 0, warmup.isFinite else {
      throw ValidationError("--warmup must be a number of epochs, 0 or more, not \(warmup).")
    }
    guard labelSmoothing >= 0, labelSmoothing < 1 else {
      throw ValidationError("--label-smoothing must be at least 0 and below 1, not \(labelSmoothing).")
    }
  }

  /// What does not go together with other options.
  func validate(_ step: StepOptions, _ algorithm: MethodSpecification, _ problem: ProblemSpecification) throws {
    let pieces = step.learningRate.flatMap { $0.hasPieces ? "--learning-rate \($0)" : nil }
    if cosine, let pieces { throw ValidationError("--cosine and the pieces of \(pieces) exclude each other.") }
    if algorithm.traits.contains(.setsRate), let option = cosine ? "--cosine" : warmup > 0 ? "--warmup" : pieces {
      throw ValidationError("\(option) is not of --algorithm \(algorithm.name), which has rates of its own.")
    }
    if case .dataset = problem { return }
    if labelSmoothing > 0 {
      throw ValidationError("--label-smoothing is of networks on dense data sets, not of \(problem).")
    }
  }

  /// γ over the run.
  /// - Parameters:
  ///   - start: γ at its beginning.
  ///   - stepEpochs: epochs of one step of all workers.
  ///   - steps: T.
  func learningRate(_ option: LearningRateOption, start: Double, stepEpochs: Double, steps: Int) -> LearningRate {
    var learningRate = LearningRate(start)
    if case .rates(let rates) = option { learningRate.pieces = rates.pieces }
    learningRate.warmup = warmup
    learningRate.stepEpochs = stepEpochs
    if cosine { learningRate.cosineEpochs = stepEpochs * Double(steps) }
    return learningRate
  }

  var recorded: [String: OptionValue] {
    ["warmup": .number(warmup), "cosine": .flag(cosine), "label-smoothing": .number(labelSmoothing)]
  }
}
