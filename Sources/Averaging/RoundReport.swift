import Kernels

/// What each worker tells all others with every exchange.
///
/// Reports are reduced and not gathered, so that they stay small however many workers there are: sums, and maxima.
public struct RoundReport: Equatable, BitwiseCopyable, Sendable {
  /// How it fares.
  public var status = WorkerStatus.fine
  /// τ_i: its local steps in this round; 0 where it sits out.
  public var steps = 0
  /// B_i: samples of one of its steps.
  public var batchSize = 0
  /// n_i: samples of its objective; and those of all workers' together.
  public var sampleCount = 1
  public var totalSamples = 1
  /// Σ of its batches' losses in this round.
  public var loss = 0.0
  /// ‖x̄ − x_i‖² just before the averaging before this one.
  public var squaredDeviation = 0.0
  /// ‖G‖² of its largest gradient so far.
  public var largestSquaredGradient = 0.0

  public init() {}

  /// p_i: its share of all samples.
  var sampleShare: Double { Double(sampleCount) / Double(totalSamples) }

  var takesPart: Bool { steps > 0 }

  /// What decides how much a worker counts, of its report in shared memory.
  init(_ words: ReportWords, totalSamples: Int) {
    steps = Int(words.sums[2])
    sampleCount = Int(words.sums[6])
    self.totalSamples = totalSamples
  }

  func write(to words: ReportWords) {
    let sums = words.sums
    sums[0] = 1
    sums[1] = takesPart ? 1 : 0
    sums[2] = Double(steps)
    sums[3] = Double(steps * batchSize)
    // Whole numbers below 2⁵³ add up without rounding, in any order.
    sums[4] = Double(steps * sampleCount)
    sums[5] = takesPart ? Double(sampleCount) : 0
    sums[6] = Double(sampleCount)
    sums[7] = loss
    sums[8] = squaredDeviation
    words.maxima[0] = -status.word
    words.maxima[1] = Int64(steps)
    // The bits of numbers that are not negative are ordered as the numbers are.
    words.maxima[2] = Int64(bitPattern: largestSquaredGradient.bitPattern)
  }
}

/// Memory of a report, or of a reduction over reports.
struct ReportWords: @unchecked Sendable {
  static let sumCount = 9
  static let maximumCount = 3
  static let bytes = (sumCount + maximumCount) * 8

  let sums: UnsafeMutablePointer<Double>
  let maxima: UnsafeMutablePointer<Int64>

  private let owner: AlignedBuffer<UInt8>?

  init(at start: UnsafeMutableRawPointer) { self.init(at: start, owner: nil) }

  /// In memory of its own.
  init(scratch: AlignedBuffer<UInt8>) { self.init(at: scratch.pointer, owner: scratch) }

  private init(at start: UnsafeMutableRawPointer, owner: AlignedBuffer<UInt8>?) {
    self.owner = owner
    sums = start.bindMemory(to: Double.self, capacity: Self.sumCount)
    maxima = (start + 8 * Self.sumCount).bindMemory(to: Int64.self, capacity: Self.maximumCount)
  }

  func add(_ other: ReportWords) {
    for index in 0..<Self.sumCount { sums[index] += other.sums[index] }
    for index in 0..<Self.maximumCount { maxima[index] = max(maxima[index], other.maxima[index]) }
  }

  func clear() {
    sums.update(repeating: 0, count: Self.sumCount)
    maxima.update(repeating: .min, count: Self.maximumCount)
  }
}

/// The reports of all workers of an exchange, reduced.
public struct RoundReports: Equatable, BitwiseCopyable, Sendable {
  /// The status that concerns all.
  public let worstStatus: WorkerStatus
  /// How many workers there are, and how many of them took steps.
  public let workers: Int
  public let participants: Int
  /// Σ τ_i, and the largest.
  public let steps: Int
  public let longestInterval: Int
  /// Samples that all workers used in the round.
  public let samples: Int
  /// Σ n_i over those who took part, over Σ n_i.
  public let participatingShare: Double
  /// τ = Σ p_i τ_i, p_i = n_i / Σ n_i over those who took part.
  public let meanSteps: Double
  /// Mean loss of a sample in the round.
  public let loss: Double
  /// (1/N) Σ‖x̄ − x_i‖² just before the averaging before this one.
  public let meanSquaredDeviation: Double
  /// The largest ‖G‖² so far.
  public let largestSquaredGradient: Double

  init(_ words: ReportWords) {
    let sums = words.sums
    worstStatus = WorkerStatus(word: -words.maxima[0])
    workers = Int(sums[0])
    participants = Int(sums[1])
    steps = Int(sums[2])
    longestInterval = Int(words.maxima[1])
    samples = Int(sums[3])
    meanSteps = sums[4] / sums[5]
    participatingShare = sums[5] / sums[6]
    loss = sums[7] / max(sums[3], 1)
    meanSquaredDeviation = sums[8] / sums[0]
    largestSquaredGradient = Double(bitPattern: UInt64(bitPattern: words.maxima[2]))
  }

  /// What a worker knows after an exchange that brings no news of all: what it reported itself.
  ///
  /// Not how it fares, though: a worker alone must not end the run. All agree on that at the next evaluation.
  init(ofOne own: RoundReport, _ words: ReportWords) {
    var own = own
    own.status = .fine
    own.write(to: words)
    self.init(words)
  }
}

/// How a worker fares, as one number whose minimum over the workers is what concerns all.
public struct WorkerStatus: Equatable, BitwiseCopyable, Sendable {
  let word: Int64

  /// Nothing to report.
  public static let fine = WorkerStatus(word: .max)

  /// The worker's loss or model stopped being finite at `step`: the earliest step, then the lowest rank, wins.
  public static func diverged(step: Int, rank: Int) -> WorkerStatus { WorkerStatus(word: Int64(step << 24 | rank)) }

  init(word: Int64) { self.word = word }

  /// Where a worker diverged, if any did.
  public var divergence: (step: Int, rank: Int)? {
    self == .fine ? nil : (Int(word >> 24), Int(word & 0xFF_FFFF))
  }
}
