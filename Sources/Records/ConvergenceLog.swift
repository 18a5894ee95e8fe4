/// One evaluation of the average model: a row of `convergence.csv`.
public struct ConvergenceRow: Sendable {
  /// Local steps every worker has done.
  public var step = 0
  /// Exchanges finished.
  public var round = 0
  /// Passes of all workers together over the training set.
  public var epoch = 0.0
  /// Samples that all workers together have computed gradients of.
  public var samples = 0
  public var learningRate = 0.0
  /// Steps from one exchange to the next.
  public var interval = 0
  /// Mean cross-entropy in nats over the training set, and the share of it predicted right.
  public var trainLoss = 0.0
  public var trainAccuracy: Double?
  /// The same over the test set, where there is one.
  public var testLoss: Double?
  public var testAccuracy: Double?
  /// (1/N) Σ‖x̄ − x_i‖² just before the last averaging.
  public var consensusDistance = 0.0
  /// 4γ²I²Ĝ², Ĝ the largest gradient norm so far; only plain SGD has it.
  public var consensusBound: Double?
  /// Payload a worker has contributed to exchanges so far.
  public var bytesSent = 0
  /// f(x̄) − f*, f with the weight decay's (λ/2)‖x̄‖² in it, where f* is known.
  public var suboptimality: Double?
  /// ‖∇f(x̄)‖² over the whole training set, and its mean over this and all rows before: the paper's measure.
  public var squaredGradientNorm: Double?
  public var meanSquaredGradientNorm: Double?
  /// Theorem 1's bound on that mean, where all its constants are known.
  public var theoremBound: Double?
  /// Training only, in seconds; evaluation excluded.
  public var elapsedSeconds = 0.0
  /// Means over the workers, in seconds.
  public var computeSeconds = 0.0
  public var communicationSeconds = 0.0
  public var waitSeconds = 0.0

  public init() {}

  /// Of all workers together.
  public var samplesPerSecond: Double { elapsedSeconds > 0 ? Double(samples) / elapsedSeconds : 0 }

  static func header(_ columns: TheoryColumns) -> String {
    "step,round,epoch,samples,learning_rate,interval,train_loss,train_accuracy,test_loss,test_accuracy,"
      + "consensus_distance,consensus_bound,bytes_sent,"
      + (columns.contains(.suboptimality) ? "suboptimality," : "")
      + (columns.contains(.gradientNorm)
        ? "squared_gradient_norm,mean_squared_gradient_norm,theorem_bound," : "")
      + "elapsed_seconds,compute_seconds,communication_seconds,wait_seconds\n"
  }

  func line(_ columns: TheoryColumns) -> String {
    let optional = { (number: Double?) in number?.csvText ?? "" }
    var fields = ["\(step)", "\(round)", epoch.csvText, "\(samples)", learningRate.csvText, "\(interval)"]
    fields += [trainLoss.csvText] + [trainAccuracy, testLoss, testAccuracy].map(optional)
    fields += [consensusDistance.csvText, optional(consensusBound), "\(bytesSent)"]
    if columns.contains(.suboptimality) { fields += [optional(suboptimality)] }
    if columns.contains(.gradientNorm) {
      fields += [squaredGradientNorm, meanSquaredGradientNorm, theoremBound].map(optional)
    }
    let timings = [elapsedSeconds, computeSeconds, communicationSeconds, waitSeconds]
    return (fields + timings.map { $0.formatted(decimals: 6) }).joined(separator: ",") + "\n"
  }
}

/// Columns of `convergence.csv` that only runs have that ask for them.
public struct TheoryColumns: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// `suboptimality`, of runs whose optimum is known.
  public static let suboptimality = TheoryColumns(rawValue: 1)
  /// `squared_gradient_norm`, its mean and its bound.
  public static let gradientNorm = TheoryColumns(rawValue: 2)
}

/// What one worker did up to an evaluation: a row of `workers.csv`.
public struct WorkerRow: Sendable {
  public var step = 0
  public var rank = 0
  public var localSteps = 0
  public var samples = 0
  public var computeSeconds = 0.0
  public var communicationSeconds = 0.0
  public var waitSeconds = 0.0
  /// Mean loss over the worker's batches since the evaluation before.
  public var localLoss: Double?

  /// ‖x̄ − x_i‖² just before the last averaging; the mean of all workers' is in the other file.
  public var squaredDeviation = 0.0
  /// Of any step so far.
  public var largestSquaredGradient = 0.0
  public var trainingSeconds = 0.0

  public init() {}

  static let header =
    "step,rank,local_steps,samples,compute_seconds,communication_seconds,wait_seconds,local_loss\n"

  var line: String {
    // The loss stands last in the file though it is no timing: a timing is compared with a tolerance, by name.
    let timings = [computeSeconds, communicationSeconds, waitSeconds].map { $0.formatted(decimals: 6) }
    let fields = ["\(step)", "\(rank)", "\(localSteps)", "\(samples)"] + timings
    return (fields + [localLoss?.csvText ?? ""]).joined(separator: ",") + "\n"
  }
}

/// The CSV files of a run, each row with the operating system before the run goes on.
public final class ConvergenceLog {
  /// Where the files end, to go on from.
  public struct Position: Codable, Equatable, Sendable {
    /// Bytes of each file.
    public var convergence = 0
    public var workers = 0
    public var intervals: Int?
    /// Rounds in `intervals.csv`.
    public var rounds = 0

    public init() {}
  }

  private let convergence: OutputFile
  private let workers: OutputFile
  private let intervals: OutputFile?
  private let columns: TheoryColumns
  private var rounds = 0

  /// Creates the files in `folder` and writes their headers.
  /// - Parameter withIntervals: whether workers may differ in their steps.
  /// - Throws: `Failure` where a file cannot be written.
  public init(folder: String, columns: TheoryColumns = [], withIntervals: Bool = false) throws {
    self.columns = columns
    intervals = withIntervals ? try OutputFile(creating: folder + "/intervals.csv") : nil
    try intervals?.write(IntervalLog.header)
    convergence = try OutputFile(creating: folder + "/convergence.csv")
    workers = try OutputFile(creating: folder + "/workers.csv")
    try convergence.write(ConvergenceRow.header(columns))
    try workers.write(WorkerRow.header)
  }

  /// Goes on with the files in `folder` from `position`; rows after it are cut off.
  /// - Throws: `Failure` where a file cannot be written, or is shorter than it was.
  public init(continuing folder: String, from position: Position, columns: TheoryColumns = []) throws {
    self.columns = columns
    rounds = position.rounds
    intervals = try position.intervals.map { try OutputFile(continuing: folder + "/intervals.csv", after: $0) }
    convergence = try OutputFile(continuing: folder + "/convergence.csv", after: position.convergence)
    workers = try OutputFile(continuing: folder + "/workers.csv", after: position.workers)
  }

  /// Where the files end, once all rows so far are on disk.
  public func synchronize() throws -> Position {
    for file in [convergence, workers, intervals].compactMap({ $0 }) { try file.synchronize() }
    var position = Position()
    position.convergence = convergence.count
    position.workers = workers.count
    position.intervals = intervals?.count
    position.rounds = rounds
    return position
  }

  /// - Parameter realised: steps of each worker in each round since the rows before.
  public func append(_ row: ConvergenceRow, workers rows: [WorkerRow], realised: [[Int]] = []) throws {
    try intervals?.write(IntervalLog.text(realised, firstRound: rounds + 1))
    rounds += realised.count
    try convergence.write(row.line(columns))
    try workers.write(rows.map(\.line).joined())
  }
}
