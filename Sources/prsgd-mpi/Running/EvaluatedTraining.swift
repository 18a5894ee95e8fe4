import Datasets

/// On how many training samples the evaluations of a run find the loss, and why.
struct EvaluatedTraining {
  let samples: Int
  let all: Int
  /// The option that wants all where fewer were to be taken.
  private(set) var reason: String?

  /// - Parameter test: samples of the test set, as many as which are taken where nobody says.
  init(_ experiment: Experiment, training: Int, test: Int) {
    all = training
    let wanted =
      switch experiment.length.evaluateTraining {
      case .samples(let count): min(count, training)
      case .all: training
      case nil: test > 0 ? min(test, training) : training
      }
    if wanted < training { reason = Self.exactness(experiment) }
    samples = reason == nil ? wanted : training
  }

  /// The option, where there is one, whose results are about the objective itself and no estimate of it.
  private static func exactness(_ experiment: Experiment) -> String? {
    let theory = experiment.theory
    if theory.logGradientNorm { return "--log-gradient-norm" }
    if theory.checkTheory { return "--check-theory" }
    if theory.optimum != nil { return "--optimum" }
    if experiment.step.batchSize == .full { return "--batch-size full" }
    switch experiment.dataset {
    case .dataset, .libsvm: return nil
    case .quadratic, .doubleWell: return "--dataset \(experiment.dataset)"
    }
  }

  /// The samples of one worker's shard; nil for all.
  func indices(worker: Int, shards: [Int], seed: UInt64) -> [Int32]? {
    guard samples < all else { return nil }
    let share = TrainingSample.shares(of: samples, shards: shards)[worker]
    return TrainingSample.draw(share, below: shards[worker], seed: seed, worker: worker)
  }

  var text: String {
    let whole = all.formattedWithCommas
    if samples < all { return "training loss on \(samples.formattedWithCommas) of \(whole) samples" }
    return "training loss on all \(whole) samples" + (reason.map { ", as \($0) wants" } ?? "")
  }
}
