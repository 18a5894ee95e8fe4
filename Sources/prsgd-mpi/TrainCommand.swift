import ArgumentParser
import Averaging
import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// `prsgd-mpi train`.
struct TrainCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a model, each rank on its shard of the data (the default).",
    discussion: """
      Writes convergence.csv and workers.csv (a row per evaluation), run.json and model.safetensors to --output.

        mpirun -np 8 prsgd-mpi train --dataset fashion-mnist --model mlp --interval 8 --epochs 10
        mpirun -np 8 prsgd-mpi train --dataset fashion-mnist --algorithm psgd --output runs/psgd
        mpirun -np 8 prsgd-mpi train --config runs/psgd/run.json --seed 2
      """)

  @Option(
    help: ArgumentHelp(
      "synthetic[:KEY=VALUE,…], fashion-mnist[:FOLDER], mnist:FOLDER or idx:FOLDER; cifar10:FOLDER or "
        + "cifar100:FOLDER[,labels=coarse]; csv:FILE[,test=FILE][,label=NAME or NUMBER][,holdout=FRACTION], a table "
        + "with the labels in its last column or that named or counted from 1; libsvm:FILE[,TESTFILE], with "
        + "sparse rows, for softmax regression whatever --model and --normalize say; or a problem given by a formula: "
        + "quadratic[:KEY=VALUE,…] or double-well[:KEY=VALUE,…]. KEYs of synthetic: training, test, features, classes, "
        + "difficulty; of quadratic: dimension, condition, smoothness, noise, heterogeneity, spread; of double-well: "
        + "dimension, noise. (default: synthetic)", valueName: "dataset"),
    transform: { try ProblemSpecification(parsing: $0) })
  var dataset = ProblemSpecification.dataset(.synthetic(SyntheticProblem()))

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Method") var method: MethodOptions
  @OptionGroup(title: "Local steps") var step: StepOptions
  @OptionGroup(title: "Local steps") var recipe: RecipeOptions
  @OptionGroup(title: "Theory and experiments") var theory: TheoryOptions

  @Option(
    help: ArgumentHelp(
      "How samples are divided: iid, contiguous (file order) or label-skew:ALPHA (smaller is more skewed). "
        + "(default: iid)",
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

  @Option(help: ArgumentHelp("Passes of all workers together over the training set. (default: 10)", valueName: "n"))
  var epochs: Double?

  @Option(help: ArgumentHelp("Local steps of each worker, in place of --epochs.", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("Steps from one evaluation to the next. (default: one epoch's)", valueName: "steps"))
  var evaluateEvery: Int?

  @Option(help: ArgumentHelp("Folder for the run's files. (default: a new one under runs/)", valueName: "folder"))
  var output: String?

  @Flag(help: "Replace the run that --output already holds.")
  var overwrite = false

  @Option(help: ArgumentHelp("Take the options of a run.json; those on the command line win.", valueName: "file"))
  var config: String?

  @Flag(help: "Make everything ready, say what the run would do and how much memory it takes, and stop there.")
  var dryRun = false

  @Flag(help: "Print nothing but warnings and errors.")
  var quiet = false

  func validate() throws {
    if epochs != nil && steps != nil { throw ValidationError("--epochs and --steps exclude each other.") }
    if let epochs, !(epochs > 0 && epochs <= 1e9) {
      throw ValidationError("--epochs must be positive, not \(epochs).")
    }
    if let steps, steps < 1 { throw ValidationError("--steps must be at least 1, not \(steps).") }
    if let evaluateEvery, evaluateEvery < 1 {
      throw ValidationError("--evaluate-every must be at least 1, not \(evaluateEvery).")
    }
    if theory.checkTheory && !step.isPlain {
      throw ValidationError("--check-theory is of plain SGD: add --momentum 0, without --optimizer adamw.")
    }
    try recipe.validate(step, method.algorithm, dataset)
    if step.augment {
      guard case .dataset = dataset else { throw ValidationError("--augment wants images: \(dataset) has none.") }
    }
    if let output, output.isEmpty { throw ValidationError("--output must name a folder.") }
  }

  mutating func run(on communicator: Communicator) throws {
    BLASLibrary.threads = step.blasThreads
    var session = try TrainingSession(options: self, communicator: communicator)
    try session.run()
  }

  /// Every option as it was resolved, by the name it has on the command line; what only says where to write is not one.
  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [
      "dataset": .text("\(dataset)"), "partition": .text("\(partition)"), "normalize": .text(normalize.rawValue),
      "batch-norm-statistics": .text(batchNormStatistics.rawValue),
    ]
    if let steps { options["steps"] = .integer(steps) } else { options["epochs"] = .number(resolvedEpochs) }
    if let evaluateEvery { options["evaluate-every"] = .integer(evaluateEvery) }
    for group in [model.recorded, method.recorded, step.recorded, recipe.recorded, theory.recorded] {
      options.merge(group) { $1 }
    }
    return options
  }

  var resolvedEpochs: Double { epochs ?? 10 }
}
