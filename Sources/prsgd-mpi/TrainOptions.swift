import ArgumentParser
import Averaging
import Datasets
import Failures
import Models
import Records
import Training

enum Order: String, CaseIterable, ExpressibleByArgument {
  case averageFirst = "average-first"
  case stepFirst = "step-first"
}

enum ModelName: String, CaseIterable, ExpressibleByArgument {
  case logisticRegression = "logreg"
  case multilayerPerceptron = "mlp"
}

extension MomentumPolicy: ExpressibleByArgument {}
extension Normalization: ExpressibleByArgument {}

/// Widths of hidden layers, as "512,256".
struct LayerWidths: ExpressibleByArgument, CustomStringConvertible {
  let widths: [Int]

  init(_ widths: [Int]) { self.widths = widths }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.allSatisfy({ $0 != nil && $0! > 0 && $0! <= 1 << 20 }) else { return nil }
    widths = parts.map { $0! }
  }

  var description: String { widths.map(String.init).joined(separator: ",") }
}

/// A number of samples, or a worker's whole shard.
enum BatchSize: Equatable, ExpressibleByArgument, CustomStringConvertible {
  case samples(Int)
  case full

  init?(argument: String) {
    if argument == "full" {
      self = .full
    } else if let count = Int(argument) {
      self = .samples(count)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .samples(let count): "\(count)"
    case .full: "full"
    }
  }
}

/// Which network, the same in `train` and `bench`.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The network: logreg (from zeros) or mlp.", valueName: "name"))
  var model = ModelName.multilayerPerceptron

  @Option(help: ArgumentHelp("Widths of the mlp's hidden layers.", valueName: "n,n,…"))
  var hidden = LayerWidths([512, 256])

  var specification: ModelSpecification {
    switch model {
    case .logisticRegression: .logisticRegression
    case .multilayerPerceptron: .multilayerPerceptron(hidden: hidden.widths)
    }
  }

  var recorded: [String: OptionValue] {
    ["model": .text(model.rawValue), "hidden": .text("\(hidden)")]
  }
}

/// γ.
enum LearningRateOption: Equatable, ExpressibleByArgument, CustomStringConvertible {
  case constant(Double)
  /// √N / (L √T), the corollary's.
  case theory

  init?(argument: String) {
    if argument == "theory" {
      self = .theory
    } else if let rate = Double(argument) {
      self = .constant(rate)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .constant(let rate): "\(rate)"
    case .theory: "theory"
    }
  }

  var recorded: OptionValue {
    switch self {
    case .constant(let rate): .number(rate)
    case .theory: .text("theory")
    }
  }
}

/// A worker's own steps, the same in `train` and `bench`.
struct StepOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Samples in each worker's batch, or full for its whole shard.", valueName: "n|full"))
  var batchSize = BatchSize.samples(32)

  @Option(
    help: ArgumentHelp(
      "γ: the learning rate; theory is √N/(L√T), which wants --smoothness.", valueName: "rate|theory"))
  var learningRate = LearningRateOption.constant(0.05)

  @Option(help: ArgumentHelp("β: momentum, as torch.optim.SGD has it; 0 is plain SGD.", valueName: "factor"))
  var momentum = 0.9

  @Option(help: ArgumentHelp("λ: λx is added to every gradient.", valueName: "factor"))
  var weightDecay = 1e-4

  @Flag(
    inversion: .prefixedNo,
    help: "Crop images at random, four pixels of zeros around them, and mirror half of them, anew at each use.")
  var augment = false

  @Option(help: ArgumentHelp("Of everything random: the same seed and ranks give the same bits.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Threads of a rank's BLAS products.", valueName: "n"))
  var blasThreads = 1

  func validate() throws {
    if case .samples(let count) = batchSize, count < 1 {
      throw ValidationError("--batch-size must be at least 1, not \(count).")
    }
    if case .constant(let rate) = learningRate, !(rate > 0 && rate.isFinite) {
      throw ValidationError("--learning-rate must be positive, not \(learningRate).")
    }
    guard momentum >= 0, momentum < 1 else {
      throw ValidationError("--momentum must be at least 0 and below 1, not \(momentum).")
    }
    guard weightDecay >= 0, weightDecay.isFinite else {
      throw ValidationError("--weight-decay must not be negative, not \(weightDecay).")
    }
    guard (1...1024).contains(blasThreads) else {
      throw ValidationError("--blas-threads must be 1 to 1024, not \(blasThreads).")
    }
  }

  /// γ. By the theory √N / (L √T).
  /// - Throws: `Failure` where L is not known.
  func rate(workers: Int, steps: Int, smoothness: Double?) throws -> Double {
    switch learningRate {
    case .constant(let rate): return rate
    case .theory:
      guard let smoothness else {
        throw Failure(.usage, "--learning-rate theory wants --smoothness, L of the objective")
      }
      return (Double(workers) / Double(steps)).squareRoot() / smoothness
    }
  }

  func optimizer(learningRate: Double) -> LocalOptimizer {
    LocalOptimizer(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay)
  }

  /// What is done to a worker's images before it learns from them.
  func augmentation(worker: Int) -> CropAndFlip? { augment ? CropAndFlip(seed: seed, worker: worker) : nil }

  var recorded: [String: OptionValue] {
    [
      "augment": .flag(augment), "batch-size": .text("\(batchSize)"), "learning-rate": learningRate.recorded,
      "momentum": .number(momentum), "weight-decay": .number(weightDecay),
      "seed": seed <= UInt64(Int.max) ? .integer(Int(seed)) : .text("\(seed)"), "blas-threads": .integer(blasThreads),
    ]
  }
}
