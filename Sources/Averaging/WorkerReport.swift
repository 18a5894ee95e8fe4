/// What each worker tells all others with every exchange.
public struct WorkerReport: Equatable, Sendable {
  /// How it fares.
  public var status = WorkerStatus.fine
  /// τ_i: its local steps in this round.
  public var steps = 0
  /// p_i: its share of all samples.
  public var sampleShare = 0.0
  /// What a step takes it, in seconds.
  public var stepSeconds = 0.0
  /// ‖x̄ − x_i‖² just before the averaging before this one.
  public var squaredDeviation = 0.0
  /// ‖G‖² of its largest gradient so far.
  public var largestSquaredGradient = 0.0

  public init() {}

  static let wordCount = 6

  init(words: UnsafePointer<Int64>) {
    status = WorkerStatus(word: words[0])
    steps = Int(words[1])
    sampleShare = Self.number(words[2])
    stepSeconds = Self.number(words[3])
    squaredDeviation = Self.number(words[4])
    largestSquaredGradient = Self.number(words[5])
  }

  func write(to words: UnsafeMutablePointer<Int64>) {
    words[0] = status.word
    words[1] = Int64(steps)
    words[2] = Self.word(sampleShare)
    words[3] = Self.word(stepSeconds)
    words[4] = Self.word(squaredDeviation)
    words[5] = Self.word(largestSquaredGradient)
  }

  private static func number(_ word: Int64) -> Double { Double(bitPattern: UInt64(bitPattern: word)) }
  private static func word(_ number: Double) -> Int64 { Int64(bitPattern: number.bitPattern) }
}

/// How a worker fares, as one number whose minimum over the workers is what concerns all.
public struct WorkerStatus: Equatable, Sendable {
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
