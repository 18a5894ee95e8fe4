import Datasets
import Kernels
import MessagePassing
import Models

/// How many samples of each class were taken for each class.
public struct ConfusionTable: Equatable, Sendable {
  public let classCount: Int
  /// (true class, predicted class).
  public internal(set) var counts: [Int64]

  public init(classCount: Int) {
    self.classCount = classCount
    counts = Array(repeating: 0, count: classCount * classCount)
  }

  public subscript(label: Int, predicted: Int) -> Int { Int(counts[label * classCount + predicted]) }

  mutating func add(_ label: Int, predicted: Int) { counts[label * classCount + predicted] += 1 }

  /// Samples of a class.
  public func samples(of label: Int) -> Int { (0..<classCount).reduce(0) { $0 + self[label, $1] } }

  /// Samples whose class was predicted.
  public var correct: Int { (0..<classCount).reduce(0) { $0 + self[$1, $1] } }

  public var samples: Int { Int(counts.reduce(0, +)) }

  /// The pairs of different classes that occur, by how often, at most `count` of them.
  public func mostConfused(_ count: Int) -> [(label: Int, predicted: Int)] {
    let pairs = counts.indices.filter { counts[$0] > 0 && $0 / classCount != $0 % classCount }
    let ordered = pairs.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
    return ordered.prefix(count).map { ($0 / classCount, $0 % classCount) }
  }
}

/// What a model is worth on samples that lie on several ranks.
public struct ModelEvaluation: Equatable, Sendable {
  /// Mean cross-entropy in nats; NaN without samples.
  public let loss: Double
  public let confusion: ConfusionTable

  /// How many samples, or positions of sequences, were predicted.
  public var samples: Int { confusion.samples }
  public var accuracy: Double { Double(confusion.correct) / Double(samples) }

  /// Evaluates each rank's shard, in batches of at most the network's `evaluationBatch`, and adds up.
  /// - Throws: `MPIError`.
  public init(_ network: Network, _ parameters: ParameterVector, on shard: Shard, _ communicator: Communicator) throws {
    var confusion = ConfusionTable(classCount: network.classCount)
    var loss = 0.0
    let layout = BatchLayout(shard.format, maximumSamples: network.evaluationBatch)
    try layout.forEachBatch(of: shard, samples: network.evaluationBatch) { batch in
      let outputs = try network.predict(parameters, batch.input)
      loss += softmaxCrossEntropy(outputs, labels: batch.targets, gradient: nil, scale: 1).loss
      for row in 0..<outputs.rows { confusion.add(Int(batch.targets[row]), predicted: outputs.predictedClass(row)) }
    }
    self = try ModelEvaluation(sumOf: loss, confusion, communicator)
  }

  /// Evaluates each rank's rows, and adds up.
  /// - Throws: `MPIError`.
  public init(
    _ model: SparseSoftmax, _ parameters: ParameterVector, on rows: SparseRows, _ communicator: Communicator
  ) throws {
    var confusion = ConfusionTable(classCount: model.classCount)
    var loss = 0.0
    for sample in 0..<rows.count {
      let prediction = model.evaluate(rows, sample, parameters)
      loss += prediction.score.loss
      confusion.add(Int(rows.labels[sample]), predicted: prediction.predicted)
    }
    self = try ModelEvaluation(sumOf: loss, confusion, communicator)
  }

  private init(sumOf loss: Double, _ confusion: ConfusionTable, _ communicator: Communicator) throws {
    var sum = confusion
    sum.counts = try communicator.allReduce(confusion.counts, .sum)
    self.confusion = sum
    self.loss = try communicator.allReduce(loss, .sum) / Double(sum.samples)
  }
}
