import Datasets
import Foundation
import Kernels
import MessagePassing
import Training

/// A file in LIBSVM's format and softmax regression on it, made the same way on every rank.
struct SparseProblem {
  var count = 61
  var featureCount = 9
  var classCount = 4
  /// nil: the whole shard.
  var batchSize: Int?
  var partition = Partition.contiguous
  var seed: UInt64 = 11

  /// A third of the features of each sample; the last sample has the last feature, so that all are there.
  var text: String {
    var random = RandomSource(seed: seed, purpose: .benchmark)
    return (0..<count).map { sample in
      var words = ["\(sample % classCount + 1)"]
      for feature in 1...featureCount {
        let (value, isThere) = (random.nextNormal(), random.nextIndex(below: 3) == 0)
        if isThere || sample == count - 1 { words.append("\(feature):\(Float(value))") }
      }
      return words.joined(separator: " ")
    }.joined(separator: "\n")
  }

  /// Reads the file, which is there only meanwhile.
  func read(matching training: SparseRows? = nil) throws -> SparseRows {
    let path = NSTemporaryDirectory() + "/sparse problem \(UUID().uuidString)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try LIBSVMReader.read(path, matching: training)
  }

  func shard(_ communicator: Communicator) throws -> SparseRows {
    try ShardDistribution(communicator).distributeRows(by: partition, seed: seed) { try read() }
  }

  func objective(_ shard: SparseRows, _ communicator: Communicator) -> SparseLogisticObjective {
    let size = batchSize ?? shard.count
    let sampler = BatchSampler(sampleCount: shard.count, batchSize: size, seed: seed, worker: communicator.rank)
    return SparseLogisticObjective(training: shard, test: nil, sampler: sampler)
  }

  func objective(_ communicator: Communicator) throws -> SparseLogisticObjective {
    objective(try shard(communicator), communicator)
  }

  func with(_ change: (inout SparseProblem) -> Void) -> SparseProblem {
    var copy = self
    change(&copy)
    return copy
  }
}

/// The text of a file in LIBSVM's format as a dense table of numbers in single precision, read in the plainest way: a
/// test of `LIBSVMReader` too.
struct DenseTable {
  private(set) var samples: [[Double]] = []
  private(set) var labels: [Int] = []
  let classes: Int

  init(_ text: String, featureCount: Int) {
    var values: [Double] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      var features = [Double](repeating: 0, count: featureCount)
      for word in words.dropFirst() {
        let pair = word.split(separator: ":")
        features[Int(pair[0])! - 1] = Double(Float(pair[1])!)
      }
      samples.append(features)
      values.append(Double(words[0])!)
    }
    let known = Set(values).sorted()
    classes = known.count
    labels = values.map { known.firstIndex(of: $0)! }
  }

  /// The mean loss at x: (features, classes) weights, then (classes) biases.
  func loss(_ x: [Double]) -> Double {
    let features = samples[0].count
    let losses = zip(samples, labels).map { sample, label in
      let outputs = (0..<classes).map { k in
        (0..<features).reduce(x[features * classes + k]) { $0 + sample[$1] * x[$1 * classes + k] }
      }
      return log(outputs.reduce(0) { $0 + exp($1) }) - outputs[label]
    }
    return losses.reduce(0, +) / Double(losses.count)
  }
}
