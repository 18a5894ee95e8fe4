import ArgumentParser
import Datasets
import Records
import Training

extension Normalization: ExpressibleByArgument {}
extension StatisticsPolicy: ExpressibleByArgument {}

/// What `train` does: everything that the result of a run depends on, as the options say it. Where the result is
/// written and what is printed meanwhile are `OutputOptions`.
struct Experiment: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The data, one of: synthetic[:KEY=VALUE,…]; fashion-mnist[:FOLDER], mnist:FOLDER, idx:FOLDER; cifar10:FOLDER, "
        + "cifar100:FOLDER[,labels=coarse]; a table, csv:FILE[,test=FILE][,label=COLUMN][,drop=COLUMNS][,words=COLUMNS]"
        + "[,missing=mean|drop][,holdout=SHARE], with the labels in its last column unless given by name or number; a "
        + "text, text:FILE[,speakers], where speeches begin with a line NAME: if there are speakers; sparse rows, "
        + "libsvm:FILE[,TESTFILE], for softmax regression without --model and --normalize; or a formula: "
        + "quadratic[:KEY=VALUE,…], double-well[:KEY=VALUE,…]. KEYs of synthetic: training, test, features, classes, "
        + "difficulty; of quadratic: dimension, condition, smoothness, noise, heterogeneity, spread; of double-well: "
        + "dimension, noise. docs/file-formats.md explains the files. (default: synthetic)", valueName: "dataset"),
    transform: { try ProblemSpecification(parsing: $0) })
  var dataset = ProblemSpecification.dataset(.synthetic(SyntheticProblem()))

  @Option(
    help: ArgumentHelp(
      "Train only on the first n training samples, in the order of the files. (default: all)",
      valueName: "n"))
  var trainingSamples: Int?

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Method") var method: MethodOptions
  @OptionGroup(title: "Local steps") var step: StepOptions
  @OptionGroup(title: "Local steps") var recipe: RecipeOptions
  @OptionGroup(title: "Theory and experiments") var theory: TheoryOptions
  @OptionGroup(title: "Theory and experiments") var emulation: EmulationOptions

  @Option(
    help: ArgumentHelp(
      "How samples are divided among workers: iid, contiguous (file order), label-skew:ALPHA (smaller is more skewed), "
        + "or speaker (whole speakers of text:FILE,speakers). (default: iid)",
      valueName: "partition"),
    transform: { try Partition(parsing: $0) })
  var partition = Partition.iid

  @Option(
    help: ArgumentHelp(
      "Scaling of features: none, unit (pixels / 255), or standard (mean 0 and deviation 1 over the training set).",
      valueName: "name"))
  var normalize = Normalization.standard

  @Option(
    help: ArgumentHelp(
      "Statistics of batch normalisation with which the average model is evaluated and saved: average, the mean of the "
        + "workers' running ones; local, each worker's own; recompute, computed on the training data.",
      valueName: "name"))
  var batchNormStatistics = StatisticsPolicy.average

  @Option(
    help: ArgumentHelp(
      "Start from a saved model, a run's model.safetensors or best.safetensors, instead of random weights.",
      valueName: "file"))
  var initFrom: String?

  @OptionGroup var length: LengthOptions

  /// Refuses what each option allows and their combination does not.
  func validate() throws {
    if theory.checkTheory && !step.isPlain {
      throw ValidationError("--check-theory is of plain SGD: add --momentum 0, without --optimizer adamw.")
    }
    try emulation.validate(step, method.methodBeforeRun())
    try recipe.validate(step, method.algorithm, dataset)
    if let trainingSamples {
      guard trainingSamples > 0 else {
        throw ValidationError("--training-samples must be at least 1, not \(trainingSamples).")
      }
      guard case .dataset = dataset else {
        throw ValidationError("--training-samples is of dense data sets, not of \(dataset).")
      }
    }
    try validateSequences()
    if step.augment {
      guard case .dataset = dataset else { throw ValidationError("--augment wants images: \(dataset) has none.") }
    }
  }

  /// A network of texts and a text belong together.
  private func validateSequences() throws {
    guard let text = dataset.text else {
      guard !model.takesSequences else {
        throw ValidationError(
          "--model \(model.model.rawValue) is of texts: it wants --dataset text:FILE, not \(dataset).")
      }
      guard partition != .speaker else {
        throw ValidationError("--partition speaker wants --dataset text:FILE,speakers, not \(dataset).")
      }
      return
    }
    guard model.takesSequences else {
      throw ValidationError("--dataset \(dataset) wants --model lstm or gpt, not \(model.model.rawValue).")
    }
    guard partition != .speaker || text.hasSpeakers else {
      throw ValidationError("--partition speaker wants --dataset text:\(text),speakers.")
    }
    guard !step.augment else { throw ValidationError("--augment wants images: \(dataset) has none.") }
  }

  /// How samples are scaled: characters are not.
  var normalization: Normalization { dataset.text == nil ? normalize : .none }

  /// Every option as it was resolved, by the name it has on the command line: the same experiment again, whatever the
  /// defaults become.
  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [
      "dataset": .text("\(dataset)"), "partition": .text("\(partition)"), "normalize": .text(normalization.rawValue),
      "batch-norm-statistics": .text(batchNormStatistics.rawValue),
    ]
    let groups = [
      model.recorded, method.recorded, step.recorded, recipe.recorded, theory.recorded, emulation.recorded,
      length.recorded,
    ]
    for group in groups { options.merge(group) { $1 } }
    options["learning-rate"] = step.learningRate(model).recorded
    if step.optimizerName == .adamw {
      let decay: DecayedParameters = step.decaysMatricesOnly(model) ? .matrices : .all
      options["decay"] = .text(decay.rawValue)
    }
    if let trainingSamples { options["training-samples"] = .integer(trainingSamples) }
    if let initFrom { options["init-from"] = .text(initFrom) }
    return options
  }

  /// What a run of it is called where nobody says, such as "pr-sgd-fashion-mnist".
  var name: String { "\(method.algorithm.name)-\("\(dataset)".prefix { $0 != ":" })" }
}
