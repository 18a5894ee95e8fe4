import Failures
import FoundationEssentials

/// `run.json`: what was run, by what, on what, and how it ended. Its options alone repeat the run.
public struct RunManifest: Encodable, Sendable {
  public struct Program: Encodable, Sendable {
    public var name: String
    public var version: String
    public var revision: String
    /// The instruction set it was built for, and the width of its vectors.
    public var march: String
    public var vectorBits: Int

    public init(name: String, version: String, revision: String, march: String, vectorBits: Int) {
      self.name = name
      self.version = version
      self.revision = revision
      self.march = march
      self.vectorBits = vectorBits
    }
  }

  public struct Machine: Encodable, Sendable {
    public var mpi: String
    public var blas: String
    public var blasKernel: String
    public var blasThreads: Int
    public var processor: String
    public var ranks: Int
    /// Of each rank, by rank.
    public var hosts: [String]

    public init(
      mpi: String, blas: String, blasKernel: String, blasThreads: Int, processor: String, ranks: Int, hosts: [String]
    ) {
      self.mpi = mpi
      self.blas = blas
      self.blasKernel = blasKernel
      self.blasThreads = blasThreads
      self.processor = processor
      self.ranks = ranks
      self.hosts = hosts
    }
  }

  /// What follows from the options and the data.
  public struct Problem: Encodable, Sendable {
    public var trainingSamples: Int
    public var testSamples: Int
    /// Training samples that evaluations take.
    public var evaluatedTrainingSamples: Int
    public var features: Int
    public var classes: Int
    public var parameters: Int
    public var steps: Int
    public var stepsPerEpoch: Int
    /// Training samples of each rank.
    public var shards: [Int]

    public init(
      trainingSamples: Int, testSamples: Int, evaluatedTrainingSamples: Int, features: Int, classes: Int,
      parameters: Int, steps: Int, stepsPerEpoch: Int, shards: [Int]
    ) {
      self.trainingSamples = trainingSamples
      self.testSamples = testSamples
      self.evaluatedTrainingSamples = evaluatedTrainingSamples
      self.features = features
      self.classes = classes
      self.parameters = parameters
      self.steps = steps
      self.stepsPerEpoch = stepsPerEpoch
      self.shards = shards
    }
  }

  public struct Result: Encodable, Sendable {
    public var trainLoss: Double
    public var trainAccuracy: Double?
    public var testLoss: Double?
    public var testAccuracy: Double?
    public var suboptimality: Double?
    public var elapsedSeconds: Double
    public var samplesPerSecond: Double

    public init(_ row: ConvergenceRow) {
      trainLoss = row.trainLoss
      trainAccuracy = row.trainAccuracy
      testLoss = row.testLoss
      testAccuracy = row.testAccuracy
      suboptimality = row.suboptimality
      elapsedSeconds = row.elapsedSeconds
      samplesPerSecond = row.samplesPerSecond
    }
  }

  public var program: Program
  public var machine: Machine
  /// ISO 8601.
  public var started: String
  public var options: [String: OptionValue]
  public var problem: Problem
  /// Of a run that came to its end.
  public var result: Result?
  /// How the run ended, in words; a run that says nothing is going on, or was killed.
  public var ended: String?
  /// Of a run that came to its end.
  public static let finished = "finished"

  public init(
    program: Program, machine: Machine, started: String, options: [String: OptionValue], problem: Problem
  ) {
    self.program = program
    self.machine = machine
    self.started = started
    self.options = options
    self.problem = problem
  }

  /// How the run whose manifest is at `path` ended, where it says so.
  /// - Throws: `Failure` where there is no manifest.
  public static func ending(of path: String) throws -> String? {
    struct Ending: Decodable { let ended: String? }
    let bytes = try WholeFile.read(path)
    guard let ending = try? JSONDecoder().decode(Ending.self, from: Data(bytes)) else {
      throw Failure(.badData, "\(path): is damaged, or no run.json")
    }
    return ending.ended
  }

  /// Writes it to `path`, replacing what is there only once it is complete.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // What has no number in JSON, such as the loss of a run that overflowed, is written as text.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let data = try encoder.encode(self)
    try OutputFile.replace(path) { file in
      try data.withUnsafeBytes { try file.write($0) }
      try file.write("\n")
    }
  }
}
