import Averaging
import Datasets
import Kernels
import MessagePassing
import Records

/// How long a run goes on, and how often it looks at itself.
public struct RunLength: Equatable, Sendable {
  /// T: local steps of each worker.
  public let steps: Int
  /// Steps from one evaluation to the next.
  public let evaluationInterval: Int

  public init(steps: Int, evaluationInterval: Int) {
    self.steps = steps
    self.evaluationInterval = evaluationInterval
  }

  /// Steps in which `workers`, taking batches of `batchSize`, go once through `samples` samples together.
  public static func stepsPerEpoch(samples: Int, workers: Int, batchSize: Int) -> Int {
    max(1, (samples + workers * batchSize - 1) / (workers * batchSize))
  }
}

/// A run from its first step to its last: training, with an evaluation of the average model before the first step, at
/// every interval, and after the last.
public final class TrainingRun {
  /// Called on every rank after an evaluation; the rows are the same on all.
  public typealias Report = (ConvergenceRow, [WorkerRow]) throws -> Void

  public let trainer: Trainer
  public let evaluator: Evaluator

  private let training: Shard
  private let test: Shard
  private let communicator: Communicator
  /// Over all ranks.
  private let trainingSamples: Int
  /// Samples in one step of all ranks together.
  public let batchSizes: Int

  /// - Parameters:
  ///   - training, test: this rank's shards; the model is scored on both.
  public init(trainer: Trainer, evaluator: Evaluator, training: Shard, test: Shard, communicator: Communicator) throws {
    self.trainer = trainer
    self.evaluator = evaluator
    self.training = training
    self.test = test
    self.communicator = communicator
    let sums = try communicator.allReduce([Int64(training.count), Int64(trainer.batchSize)], .sum)
    trainingSamples = Int(sums[0])
    batchSizes = Int(sums[1])
  }

  /// - Parameter eachStep: called on every rank after each local step.
  /// - Throws: `AgreedFailure` on every rank, `MPIError`, and what `report` throws.
  public func run(_ length: RunLength, eachStep: (Trainer) -> Void = { _ in }, report: Report) throws {
    try evaluate(report)
    while trainer.steps < length.steps {
      try trainer.step()
      eachStep(trainer)
      if trainer.steps % length.evaluationInterval == 0 || trainer.steps == length.steps { try evaluate(report) }
    }
  }

  private func evaluate(_ report: Report) throws {
    trainer.timer.enter(.evaluate)
    try trainer.agreeOnStatus()
    try evaluator.averageModels(trainer.worker, replicasAreEqual: trainer.method.exchange == .gradients)
    let workers = try workerRows()
    var row = try convergenceRow(workers)
    let onTraining = try evaluator.score(training)
    let onTest = try evaluator.score(test)
    row.trainLoss = onTraining?.loss ?? .nan
    row.trainAccuracy = onTraining?.accuracy ?? .nan
    row.testLoss = onTest?.loss
    row.testAccuracy = onTest?.accuracy
    try report(row, workers)
    trainer.timer.enter(.other)
  }

  private func workerRows() throws -> [WorkerRow] {
    let timer = trainer.timer
    let (score, samples) = trainer.takeLocalScore()
    let own = [
      Double(samples), score.loss, timer.computeSeconds, timer[.average], timer[.wait],
      trainer.averager.squaredDeviation, trainer.largestSquaredGradient, timer.trainingSeconds,
    ]
    return try communicator.allGather(own).enumerated().map { rank, values in
      var row = WorkerRow()
      row.step = trainer.steps
      row.rank = rank
      row.localSteps = trainer.steps
      row.samples = trainer.steps * trainer.batchSize
      row.localLoss = values[0] > 0 ? values[1] / values[0] : nil
      row.computeSeconds = values[2]
      row.communicationSeconds = values[3]
      row.waitSeconds = values[4]
      row.squaredDeviation = values[5]
      row.largestSquaredGradient = values[6]
      row.trainingSeconds = values[7]
      return row
    }
  }

  private func convergenceRow(_ workers: [WorkerRow]) throws -> ConvergenceRow {
    let mean = { (value: (WorkerRow) -> Double) in workers.map(value).reduce(0, +) / Double(workers.count) }
    var row = ConvergenceRow()
    row.step = trainer.steps
    row.round = trainer.averager.rounds
    row.samples = trainer.steps * batchSizes
    row.epoch = Double(row.samples) / Double(trainingSamples)
    row.learningRate = trainer.optimizer.learningRate
    row.interval = trainer.method.schedule.longestInterval
    row.consensusDistance = mean(\.squaredDeviation)
    if trainer.optimizer.momentum == 0 {
      let largest = workers.map(\.largestSquaredGradient).max()!
      let factor = 2 * row.learningRate * Double(row.interval)
      row.consensusBound = factor * factor * largest
    }
    row.bytesSent = trainer.averager.bytesSent
    row.elapsedSeconds = workers.map(\.trainingSeconds).max()!
    row.computeSeconds = mean(\.computeSeconds)
    row.communicationSeconds = mean(\.communicationSeconds)
    row.waitSeconds = mean(\.waitSeconds)
    return row
  }
}
