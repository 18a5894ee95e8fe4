import Averaging
import Failures
import MessagePassing
import Training

/// What is measured on the ranks that there are.
struct Measurement: Encodable {
  let ranks: Int
  /// Of each rank, nodes numbered by their first rank.
  let nodes: [Int]
  /// Samples of a step of each worker.
  let batchSize: Int
  /// What a worker contributes to an averaging, and to an average of gradients.
  let payloadBytes: Int
  let gradientBytes: Int
  /// Steps without an exchange.
  let local: StepTimes
  /// Steps with an average of models in each, as the options have it; and where nothing hides behind a gradient.
  let averaging: StepTimes
  let blocking: StepTimes
  /// Steps of psgd.
  let parallelSGD: StepTimes
  /// Whether an averaging by messages may run while a gradient is computed; and whether here nothing is sent.
  let overlaps: Bool
  let sharesMemory: Bool
  let withinNode: LinkRate?
  let betweenNodes: LinkRate?

  private static let unlimited = 1 << 30

  /// Every rank must make it together.
  /// - Throws: `AgreedFailure`, `MPIError`.
  init(
    _ experiment: Experiment, _ objective: any Objective, _ shards: ShardSizes, steps: Int, _ communicator: Communicator
  ) throws {
    ranks = communicator.size
    batchSize = objective.batchSize
    let variant = { (change: (inout Experiment) -> Void) throws -> (trainer: Trainer, times: StepTimes) in
      var variant = experiment.forMeasuring
      change(&variant)
      let trainer = try variant.trainer(objective, shards, steps: steps, communicator)
      _ = try trainer.calibrateCore()
      return (trainer, try StepTimes.measure(trainer, communicator))
    }
    let (every, averaging) = try variant { $0.method.interval = .steps(1) }
    self.averaging = averaging
    payloadBytes = every.averager.payloadBytes
    local = try variant { $0.method.interval = .steps(Self.unlimited) }.times
    overlaps = every.method.update.overlaps
    sharesMemory = every.averager.sharesMemory
    blocking =
      overlaps && !sharesMemory && ranks > 1
      ? try variant { ($0.method.interval, $0.method.overlap) = (.steps(1), false) }.times : averaging
    let (parallel, times) = try variant { $0.method = $0.method.asParallelSGD }
    parallelSGD = times
    gradientBytes = parallel.averager.payloadBytes
    let links = try Links(communicator)
    (nodes, withinNode, betweenNodes) = (links.nodes, links.withinNode, links.betweenNodes)
  }

  var nodeCount: Int { Set(nodes).count }
  var ranksPerNode: Int { (ranks + nodeCount - 1) / nodeCount }

  /// Seconds that an averaging adds to a step where nothing hides it, and as it is.
  var wholeAveraging: Double { max(0, blocking.slowest - local.slowest) }
  var averagingInSight: Double { max(0, averaging.slowest - local.slowest) }

  /// What of an averaging the gradient hides, of 1.
  var hiddenShare: Double { wholeAveraging > 0 ? max(0, 1 - averagingInSight / wholeAveraging) : 0 }

  /// What of a gradient's time hides an averaging, of 1: as measured; all of it where nothing was sent.
  var hidingShare: Double {
    guard overlaps else { return 0 }
    guard !sharesMemory else { return 1 }
    let hideable = min(wholeAveraging, local.slowest)
    return hideable > 0 ? min(1, max(0, (wholeAveraging - averagingInSight) / hideable)) : 0
  }

  /// For these ranks.
  var prediction: Prediction {
    let excess = local.deviation * Prediction.excess(workers: ranks)
    let added = { (times: StepTimes) in max(0, times.slowest - local.slowest) }
    let chance = min(excess, added(averaging), added(parallelSGD))
    return Prediction(
      workers: ranks, step: local.slowest, averaging: added(averaging) - chance, chance: chance,
      gradientAveraging: added(parallelSGD) - chance)
  }
}
