import ArgumentParser
import Datasets
import Failures
import Records
import Training

/// A worker's own steps, the same in `train` and `bench`.
struct StepOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Samples in each worker's batch, or full for its whole shard.", valueName: "n|full"))
  var batchSize = BatchSize.samples(32)

  @Option(
    help: ArgumentHelp(
      "γ: the learning rate. 0.1,150:0.01,225:0.001 is 0.1, from epoch 150 on 0.01, from 225 on 0.001 (epochs are passes "
        + "of all workers together, and may be fractions; bench stays at the first rate). theory is √N/(L√T), which needs "
        + "--smoothness. (default: 0.05; cnn: 0.02; lstm: 0.5; adamw: 0.001)", valueName: "rates|theory"),
    transform: { try LearningRateOption(parsing: $0) })
  var learningRate: LearningRateOption?

  @Option(
    name: .customLong("optimizer"),
    help: ArgumentHelp(
      "The rule of local steps: sgd or adamw, as in torch.optim. (default: sgd)", valueName: "name"))
  var chosenOptimizer: OptimizerName?

  var optimizerName: OptimizerName { chosenOptimizer ?? .sgd }

  @Option(
    help: ArgumentHelp(
      "β: momentum, as in torch.optim.SGD; 0 is plain SGD. (default: \(Self.standardMomentum))", valueName: "factor"
    ))
  var momentum: Double?

  @Flag(inversion: .prefixedNo, help: "Nesterov's momentum, as in torch.optim.SGD.")
  var nesterov = false

  @Option(help: ArgumentHelp("β₁ of adamw: decay of the mean gradient. (default: 0.9)", valueName: "factor"))
  var beta1: Double?

  @Option(help: ArgumentHelp("β₂ of adamw: decay of the mean squared gradient. (default: 0.999)", valueName: "factor"))
  var beta2: Double?

  @Option(
    help: ArgumentHelp(
      "ε of adamw, added to the root of the mean squared gradient. (default: 1e-08)", valueName: "number"))
  var epsilon: Double?

  @Option(
    help: ArgumentHelp(
      "λ: λx is added to every gradient; adamw subtracts γλx from the model instead.", valueName: "factor"))
  var weightDecay = 1e-4

  @Option(
    help: ArgumentHelp(
      "Parameters that adamw's weight decay applies to: all, or matrices, without biases and normalisations. (default: "
        + "all; lstm and gpt: matrices)", valueName: "name"))
  var decay: DecayedParameters?

  @Option(
    help: ArgumentHelp(
      "Largest norm of a gradient: each worker's own, or of the average where gradients are averaged. (default: no "
        + "limit)", valueName: "norm"))
  var clipNorm: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Crop images at random, with four pixels of zeros around them, and mirror half of them.")
  var augment = false

  @Option(
    help: ArgumentHelp(
      "Seed of all random numbers, from 0 up: the same seed and ranks give the same bits.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Threads of a rank's BLAS products.", valueName: "n"))
  var blasThreads = 1

  func validate() throws {
    if case .samples(let count) = batchSize, count < 1 {
      throw ValidationError("--batch-size must be at least 1, not \(count).")
    }
    try validateOptimizer()
    guard weightDecay >= 0, weightDecay.isFinite else {
      throw ValidationError("--weight-decay must not be negative, not \(weightDecay).")
    }
    if let clipNorm, !(clipNorm > 0 && clipNorm.isFinite) {
      throw ValidationError("--clip-norm must be positive, not \(clipNorm).")
    }
    guard (1...1024).contains(blasThreads) else {
      throw ValidationError("--blas-threads must be 1 to 1024, not \(blasThreads).")
    }
  }

  private func validateOptimizer() throws {
    if decay != nil && optimizerName == .sgd { throw ValidationError("--decay is of --optimizer adamw.") }
    let factors = [("momentum", momentum), ("beta1", beta1), ("beta2", beta2)]
    for case (let name, let factor?) in factors where !(factor >= 0 && factor < 1) {
      throw ValidationError("--\(name) must be at least 0 and below 1, not \(factor).")
    }
    let ofAdam = [("beta1", beta1), ("beta2", beta2), ("epsilon", epsilon)]
    for (name, value) in ofAdam where value != nil && optimizerName == .sgd {
      throw ValidationError("--\(name) is of --optimizer adamw.")
    }
    if let epsilon, !(epsilon >= 1e-30 && epsilon <= 1) {
      throw ValidationError("--epsilon must be 1e-30 to 1, not \(epsilon).")
    }
    if optimizerName == .adamw {
      if momentum != nil { throw ValidationError("--momentum is of --optimizer sgd: adamw has --beta1.") }
      if nesterov { throw ValidationError("--nesterov is of --optimizer sgd.") }
    } else if nesterov && momentum == 0 {
      throw ValidationError("--nesterov wants momentum: --momentum must be positive, not 0.")
    }
  }

  /// γ as given, or one by which the network learns.
  func learningRate(_ model: ModelOptions) -> LearningRateOption {
    learningRate ?? .rates(LearningRate(optimizerName == .adamw ? 0.001 : usualRate(model.model)))
  }

  /// Of SGD with the standard momentum.
  private func usualRate(_ model: ModelName) -> Double {
    switch model {
    case .convolutionalNetwork: 0.02
    case .longShortTermMemory: 0.5
    default: 0.05
    }
  }

  /// γ from the beginning on. By the theory √N / (L √T).
  /// - Throws: `Failure` where L is not known.
  func rate(_ model: ModelOptions, workers: Int, steps: Int, smoothness: Double?) throws -> Double {
    switch learningRate(model) {
    case .rates(let rates): return rates.start
    case .theory:
      guard let smoothness else {
        throw Failure(.usage, "--learning-rate theory wants --smoothness, L of the objective")
      }
      return (Double(workers) / Double(steps)).squareRoot() / smoothness
    }
  }

  func optimizer(learningRate: Double) -> LocalOptimizer {
    switch optimizerName {
    case .sgd:
      LocalOptimizer(
        learningRate: learningRate, momentum: momentum ?? Self.standardMomentum, weightDecay: weightDecay,
        isNesterov: nesterov)
    case .adamw:
      .adamW(
        learningRate: learningRate, beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
        weightDecay: weightDecay)
    }
  }

  private static let standardMomentum = 0.9

  /// Whether weight decay spares what is no matrix, in the steps of a network of texts or of another.
  func decaysMatricesOnly(_ model: ModelOptions) -> Bool {
    optimizerName == .adamw && (decay ?? (model.takesSequences ? .matrices : .all)) == .matrices
  }

  /// Whether it is plain SGD.
  var isPlain: Bool { optimizer(learningRate: 1).moments == 0 }

  /// What is done to a worker's images before it learns from them.
  func augmentation(worker: Int) -> CropAndFlip? { augment ? CropAndFlip(seed: seed, worker: worker) : nil }

  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [
      "augment": .flag(augment), "batch-size": .text("\(batchSize)"), "optimizer": .text(optimizerName.rawValue),
      "nesterov": .flag(nesterov), "weight-decay": .number(weightDecay),
      "seed": seed <= UInt64(Int.max) ? .integer(Int(seed)) : .text("\(seed)"), "blas-threads": .integer(blasThreads),
    ]
    if let clipNorm { options["clip-norm"] = .number(clipNorm) }
    let optimizer = optimizer(learningRate: 1)
    switch optimizer.rule {
    case .sgd, .nesterov: options["momentum"] = .number(optimizer.momentum)
    case .adamW(let beta1, let beta2, let epsilon):
      options.merge(["beta1": .number(beta1), "beta2": .number(beta2), "epsilon": .number(epsilon)]) { $1 }
    }
    return options
  }
}
