import ArgumentParser
import Datasets
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

extension DatasetPart: ExpressibleByArgument {}

/// `prsgd-mpi evaluate`.
struct EvaluateCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Evaluates a saved model on a data set.",
    discussion: """
      The model file describes its network and how samples are prepared. Every rank evaluates an equal part; the result \
      is loss, accuracy, and the confusion table.

        prsgd-mpi evaluate --model-file model.safetensors --dataset mnist:FOLDER
      """)

  @Option(help: ArgumentHelp("The model.safetensors of a run, or its best.safetensors.", valueName: "file"))
  var modelFile: String

  @Option(
    help: ArgumentHelp(
      "The data set, as for train: \(DatasetSpecification.names.joined(separator: ", ")) or libsvm, with "
        + "samples of the shape that the model was trained on. A table needs the columns of the model's training file; a "
        + "libsvm model is evaluated on the last file named.", valueName: "dataset"),
    transform: { try ProblemSpecification(parsing: $0) })
  var dataset: ProblemSpecification

  @Option(help: ArgumentHelp("The part to evaluate on.", valueName: "part"))
  var part = DatasetPart.test

  @Option(help: ArgumentHelp("Samples in a batch.", valueName: "n"))
  var batchSize = 32

  @Option(
    help: ArgumentHelp("Seed of the run, which synthetic data and a table's held-out rows depend on.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    guard (1...1 << 16).contains(batchSize) else {
      throw ValidationError("--batch-size must be 1 to \(1 << 16), not \(batchSize).")
    }
    switch dataset {
    case .dataset, .libsvm: break
    case .quadratic, .doubleWell: throw ValidationError("--dataset \(dataset) has no samples to evaluate on.")
    }
  }

  mutating func run(on communicator: Communicator) throws {
    BLASLibrary.threads = 1
    let file = try ModelFile(reading: modelFile, communicator)
    let report =
      switch dataset {
      case .dataset(let dataset): try evaluateNetwork(file, on: dataset, communicator)
      case .libsvm(let files): try evaluateRegression(file, on: files, communicator)
      case .quadratic, .doubleWell: preconditionFailure("refused before")
      }
    try communicator.agree {
      guard !report.loss.isFinite else { return }
      throw Failure(
        .diverged, "\(modelFile): its loss on \(dataset) is \(report.loss): the model diverged, or is damaged")
    }
    guard communicator.isRoot else { return }
    StandardStream.output.write((json ? try report.json() : report.text) + "\n")
  }

  private func evaluateNetwork(
    _ file: ModelFile, on dataset: DatasetSpecification, _ communicator: Communicator
  ) throws -> EvaluationReport {
    let description = try file.description()
    let model = try communicator.agree { try savedModel(description) }
    let shard = try loadShard(dataset, description, communicator)
    let layers = model.layers(shard.format.image, classes: shard.format.classCount)
    // Nothing is trained.
    let network = Network(
      layers, positions: shard.format.targetCount, maximumBatch: 1, evaluationBatch: batchSize)
    try file.check(holds: network.tensors + network.statisticTensors)
    let parameters = ParameterVector(count: network.parameterCount)
    try file.load(
      into: PlacedTensor.list(network.tensors, parameters)
        + PlacedTensor.list(network.statisticTensors, network.statistics))
    return EvaluationReport(
      try ModelEvaluation(network, parameters, on: shard, communicator), isOfSequences: shard.format.isSequence,
      classes: description.columns?.classNames)
  }

  /// Of a model on sparse rows.
  private func evaluateRegression(
    _ file: ModelFile, on files: LIBSVMFiles, _ communicator: Communicator
  ) throws -> EvaluationReport {
    let description = try file.sparseDescription()
    let model = SparseSoftmax(featureCount: description.featureCount, classCount: description.classValues.count)
    try file.check(holds: model.tensors)
    let path = part == .test ? files.test ?? files.training : files.training
    let rows = try ShardDistribution(communicator).distributeRowsEvenly {
      try LIBSVMReader.read(path, matching: description.rows)
    }
    let parameters = ParameterVector(count: model.parameterCount)
    try file.load(into: PlacedTensor.list(model.tensors, parameters))
    let names = description.classValues.map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : "\($0)" }
    return EvaluationReport(
      try ModelEvaluation(model, parameters, on: rows, communicator), isOfSequences: false, classes: names)
  }

  private func savedModel(_ description: ModelDescription) throws -> ModelOptions {
    let model = try ModelOptions(saved: description.options, in: modelFile)
    guard model.fits(height: description.height, width: description.width) else {
      throw Failure(
        .badData,
        "\(modelFile): says \(model.model.rawValue), which wants \(model.wantedImages), of images of "
          + "\(description.height)x\(description.width)")
    }
    return model
  }

  /// This rank's samples, prepared as those were that the network has learned from.
  private func loadShard(
    _ dataset: DatasetSpecification, _ description: ModelDescription, _ communicator: Communicator
  ) throws -> Shard {
    let shard = try ShardDistribution(communicator).distributeEvenly {
      let reader = try dataset.open(
        part, seed: seed, classCount: description.classes, columns: description.columns,
        context: max(1, description.width - 1),
        vocabulary: description.vocabulary.count > 0 ? description.vocabulary : nil)
      let format = reader.format
      guard description.fits(format) else {
        throw Failure(
          .badData,
          "\(dataset): samples of \(format.channels)x\(format.height)x\(format.width) in \(format.classCount) classes, "
            + "where \(modelFile) wants \(description.channels)x\(description.height)x\(description.width) in "
            + "\(description.classes)")
      }
      guard reader.sampleCount > 0 else { throw Failure(.badData, "\(dataset): has no \(part.rawValue) samples") }
      return reader
    }
    description.prepare(shard)
    return shard
  }
}
