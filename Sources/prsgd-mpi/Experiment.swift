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
      "synthetic[:KEY=VALUE,…], fashion-mnist[:FOLDER], mnist:FOLDER or idx:FOLDER; cifar10:FOLDER or "
        + "cifar100:FOLDER[,labels=coarse]; csv:FILE[,test=FILE][,label=NAME or NUMBER][,holdout=FRACTION], a table "
        + "with the labels in its last column or that named or counted from 1; text:FILE[,speakers], characters, of "
        + "speeches that begin with a line NAME: where there are speakers; libsvm:FILE[,TESTFILE], with "
        + "sparse rows, for softmax regression whatever --model and --normalize say; or a problem given by a formula: "
        + "quadratic[:KEY=VALUE,…] or double-well[:KEY=VALUE,…]. KEYs of synthetic: training, test, features, classes, "
        + "difficulty; of quadratic: dimension, condition, smoothness, noise, heterogeneity, spread; of double-well: "
        + "dimension, noise. (default: synthetic)", valueName: "dataset"),
    transform: { try ProblemSpecification(parsing: $0) })
  var dataset = ProblemSpecification.dataset(.synthetic(SyntheticProblem()))

  @Option(
    help: ArgumentHelp(
      "Train on the first n training samples alone, in the order of the files; all test samples stay. (default: all)",
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
      "How samples are divided: iid, contiguous (file order), label-skew:ALPHA (smaller is more skewed), or speaker, "
        + "whole speakers of text:FILE,speakers. (default: iid)",
      valueName: "partition"),
    transform: { try Partition(parsing: $0) })
  var partition = Partition.iid

  @Option(
    help: ArgumentHelp(
      "none; unit: pixels / 255; standard: that, then by the training set's mean and deviation.", valueName: "name"))
  var normalize = Normalization.standard

  @Option(
    help: ArgumentHelp(
      "Running statistics of batch normalisation that the average model is evaluated and saved with: average, the "
        + "workers' mean; local, each worker's own; recompute, found anew on the training data.", valueName: "name"))
  var batchNormStatistics = StatisticsPolicy.average

  @Option(
    help: ArgumentHelp(
      "Begin from a saved model in place of the network's own beginning: a run's model.safetensors, or best.safetensors.",
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
