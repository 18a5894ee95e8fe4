import Averaging
import Datasets
import Kernels
import MessagePassing
import Persistence
import Records

/// How long a run goes on, and how often its model is evaluated. Where workers differ in their steps, a step counts as taken
/// once as many samples as a step of all workers have been used.
public struct RunLength: Equatable, Sendable {
  /// T: local steps of each worker.
  public let steps: Int
  /// Steps from one evaluation to the next.
  public let evaluationInterval: Int
  /// Evaluations in a row without a better one, after which the run ends; nil: it never does before its last step.
  public let patience: Int?

  public init(steps: Int, evaluationInterval: Int, patience: Int? = nil) {
    self.steps = steps
    self.evaluationInterval = evaluationInterval
    self.patience = patience
  }
}

/// A run from its first step to its last: training, with an evaluation of the average model before the first step, at
/// every interval, and after the last.
public final class TrainingRun: Persistent {
  /// Called on every rank after an evaluation; the rows are the same on all.
  public typealias Report = (ConvergenceRow, [WorkerRow]) throws -> Void

  public let trainer: Trainer
  public let evaluator: Evaluator
  /// Whether evaluations find ‖∇f(x̄)‖² too.
  public var logsGradientNorm = false
  /// L, σ² and f* where they are known.
  public var constants: ObjectiveConstants

  /// The columns that this run's rows have besides the usual.
  public var columns: TheoryColumns {
    var columns: TheoryColumns = constants.optimum == nil ? [] : .suboptimality
    if logsGradientNorm { columns.insert(.gradientNorm) }
    return columns
  }

  private let communicator: Communicator
  private var gradientNorms = (sum: 0.0, count: 0)
  private var firstObjective: Double?
  /// Samples at the next evaluation; 0 before the first.
  private var nextEvaluation = 0
  /// The best evaluation so far, by its test accuracy, or where there is none by its training loss; and how many there were
  /// since.
  private var best = -Double.infinity
  public private(set) var evaluationsSinceBest = 0

  public init(trainer: Trainer, communicator: Communicator) {
    self.trainer = trainer
    self.communicator = communicator
    evaluator = Evaluator(objective: trainer.objective, communicator: communicator)
    constants = trainer.objective.constants
  }

  private var samples: Int { trainer.samples }

  /// Local steps of each worker, by the samples that all have used.
  public var step: Int { samples / trainer.samplesPerStep }

  /// - Parameter eachStep: called on every rank after each local step but the last, and the evaluation after it.
  /// - Throws: `AgreedFailure` on every rank, `MPIError`, and what the closures throw.
  public func run(
    _ length: RunLength, eachStep: (Trainer) throws -> Void = { _ in }, report: Report
  ) throws {
    do {
      try advance(length, eachStep, report)
    } catch let error as AgreedFailure {
      // All are here: what is under way can end.
      try trainer.abandon()
      throw error
    }
  }

  private func advance(_ length: RunLength, _ eachStep: (Trainer) throws -> Void, _ report: Report) throws {
    let total = length.steps * trainer.samplesPerStep
    let interval = length.evaluationInterval * trainer.samplesPerStep
    trainer.samplesOfRun = total
    if nextEvaluation == 0 {
      // Setup is not timed.
      if samples == 0 { trainer.timer.reset() }
      try evaluate(report)
      nextEvaluation = (samples / interval + 1) * interval
    }
    while samples < total {
      try trainer.step()
      // Every rank knows the same number: all evaluate together.
      if samples >= nextEvaluation || samples >= total {
        if samples >= total { try trainer.finish() }
        try evaluate(report)
        nextEvaluation = (samples / interval + 1) * interval
        // What the last evaluation was of stays the result.
        if samples < total, let patience = length.patience, evaluationsSinceBest >= patience {
          return try trainer.abandon()
        }
      }
      if samples < total { try eachStep(trainer) }
    }
  }

  public func visit(_ state: inout StateVisitor) throws {
    try state.visit(&gradientNorms.sum)
    try state.visit(&gradientNorms.count)
    try state.visit(&firstObjective)
    try state.visit(&nextEvaluation)
    try state.visit(&best)
    try state.visit(&evaluationsSinceBest)
    try trainer.visit(&state)
  }

  /// What a run with another number of workers can go on from, after an evaluation of its own: the model that stands for all
  /// and its statistics, the mean of the optimiser's moments, and what all know alike.
  ///
  /// Every rank must write it together, between steps; each may read it by itself, before its first step.
  public func visitMean(_ state: inout StateVisitor) throws {
    try state.visit(&gradientNorms.sum)
    try state.visit(&gradientNorms.count)
    try state.visit(&firstObjective)
    try state.visit(&best)
    try state.visit(&evaluationsSinceBest)
    if !state.isReading { try evaluator.averageModels(trainer) }
    try state.visit(numbers: evaluator.average.elements)
    try state.visit(numbers: evaluator.statistics.elements)
    for moment in [trainer.worker.momentum, trainer.worker.secondMoment].compactMap({ $0 }) {
      let mean = state.isReading ? moment : try evaluator.mean(of: moment)
      try state.visit(numbers: mean.elements)
    }
    try trainer.visitCommon(&state)
    if state.isReading { trainer.begin(from: evaluator.average, statistics: evaluator.statistics) }
  }

  // MARK: Evaluation

  private func evaluate(_ report: Report) throws {
    trainer.timer.enter(.evaluate)
    try trainer.agreeOnStatus()
    try evaluator.averageModels(trainer)
    let workers = try workerRows()
    var row = convergenceRow(workers)
    let onTraining = try evaluator.score(.training)
    row.trainLoss = onTraining?.loss ?? .nan
    let onTest = try evaluator.score(.test)
    try trainer.failUnlessFinite(row.trainLoss)
    row.testLoss = onTest?.loss
    if constants.hasClasses {
      row.trainAccuracy = onTraining?.accuracy
      row.testAccuracy = onTest?.accuracy
    }
    try addTheory(&row, workers)
    noteProgress(row.testAccuracy ?? -row.trainLoss)
    try report(row, workers)
    trainer.timer.enter(.other)
  }

  private func noteProgress(_ score: Double) {
    evaluationsSinceBest = score > best ? 0 : evaluationsSinceBest + 1
    best = max(best, score)
  }

  private func workerRows() throws -> [WorkerRow] {
    let timer = trainer.timer
    let (score, samples) = trainer.takeLocalScore()
    let own = [
      Double(samples), score.loss, timer.computeSeconds, timer[.average], timer[.wait],
      trainer.averager.squaredDeviation, trainer.statistics.largestSquaredGradient, timer.trainingSeconds,
      Double(trainer.steps),
      Double(trainer.objective.batchSize),
    ]
    return try communicator.allGather(own).enumerated().map { rank, values in
      var row = WorkerRow()
      row.step = self.samples / trainer.samplesPerStep
      row.rank = rank
      row.localLoss = values[0] > 0 ? values[1] / values[0] : nil
      row.computeSeconds = values[2]
      row.communicationSeconds = values[3]
      row.waitSeconds = values[4]
      row.squaredDeviation = values[5]
      row.largestSquaredGradient = values[6]
      row.trainingSeconds = values[7]
      row.localSteps = Int(values[8])
      row.samples = Int(values[8] * values[9])
      return row
    }
  }

  private func convergenceRow(_ workers: [WorkerRow]) -> ConvergenceRow {
    let mean = { (value: (WorkerRow) -> Double) in workers.map(value).reduce(0, +) / Double(workers.count) }
    var row = ConvergenceRow()
    row.step = samples / trainer.samplesPerStep
    row.round = trainer.averager.rounds
    row.samples = samples
    row.epoch = Double(samples) / Double(trainer.trainingSamples)
    row.learningRate = trainer.optimizer.learningRate
    row.interval = trainer.method.schedule.interval ?? trainer.statistics.longestInterval
    row.consensusDistance = mean(\.squaredDeviation)
    if trainer.optimizer.moments == 0 && trainer.method.exchange.isCollective {
      let factor = 2 * trainer.largestRate * Double(row.interval)
      row.consensusBound = factor * factor * workers.map(\.largestSquaredGradient).max()!
    }
    row.bytesSent = trainer.averager.bytesSent + trainer.clock.bytesSent
    row.elapsedSeconds = workers.map(\.trainingSeconds).max()!
    row.computeSeconds = mean(\.computeSeconds)
    row.communicationSeconds = mean(\.communicationSeconds)
    row.waitSeconds = mean(\.waitSeconds)
    return row
  }

  // MARK: Theory

  private func addTheory(_ row: inout ConvergenceRow, _ workers: [WorkerRow]) throws {
    let weightDecay = trainer.optimizer.objectiveDecay
    let objective = row.trainLoss + weightDecay / 2 * evaluator.average.squaredNorm()
    row.suboptimality = constants.optimum.map { objective - $0 }
    if firstObjective == nil { firstObjective = objective }
    guard logsGradientNorm else { return }
    let squaredNorm = try evaluator.squaredGradientNorm(weightDecay: weightDecay)
    gradientNorms = (gradientNorms.sum + squaredNorm, gradientNorms.count + 1)
    row.squaredGradientNorm = squaredNorm
    row.meanSquaredGradientNorm = gradientNorms.sum / Double(gradientNorms.count)
    row.theoremBound = theoremBound(row, workers)
  }

  /// Theorem 1, of a constant γ: 2 (f(x̄⁰) − f*) / (γT) + 4 γ² I² G² L² + L γ σ² / N, with Ĝ in place of G.
  private func theoremBound(_ row: ConvergenceRow, _ workers: [WorkerRow]) -> Double? {
    guard trainer.hasOneRate, let smoothness = constants.smoothness, let noise = constants.noise,
      let optimum = constants.optimum, let deviation = row.consensusBound, let first = firstObjective, row.step > 0,
      row.learningRate * smoothness <= 1
    else { return nil }
    let initial = 2 * (first - optimum) / (row.learningRate * Double(row.step))
    let drift = deviation * smoothness * smoothness
    return initial + drift + smoothness * row.learningRate * noise / Double(workers.count)
  }
}
