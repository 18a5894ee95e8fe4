import Datasets
import Failures
import Kernels
import Records
import Training

/// What the ranks hold, beside what rank 0 reads.
extension Verification {
  /// All shards together are the data set: every sample once, with its label.
  /// - Throws: `AgreedFailure` for data that cannot be read.
  func shardsHoldTheData() throws -> Finding {
    let distribution = ShardDistribution(communicator)
    let seed = experiment.step.seed
    let held: SampleSum
    let read: SampleSum
    switch experiment.dataset {
    case .dataset(let dataset):
      let open = {
        try dataset.open(.training, seed: seed, context: experiment.model.positions).first(experiment.trainingSamples)
      }
      held = SampleSum(try distribution.distribute(by: experiment.partition, seed: seed, open: open))
      read = try communicator.agree { communicator.isRoot ? try SampleSum(reading: try open()) : SampleSum() }
    case .libsvm(let files):
      let open = { try LIBSVMReader.read(files.training) }
      held = SampleSum(try distribution.distributeRows(by: experiment.partition, seed: seed, read: open))
      read = try communicator.agree { communicator.isRoot ? SampleSum(try open()) : SampleSum() }
    case .quadratic, .doubleWell:
      return Finding(
        check: "the shards together are the data", figure: "\(experiment.dataset) is given by a formula", passed: true)
    }
    let sums = [held, read].map { [Int64(bitPattern: $0.hash), Int64($0.samples)] }
    let (all, whole) = (try communicator.allReduce(sums[0], .sum), try communicator.allReduce(sums[1], .sum))
    let text = { (sum: [Int64]) in
      "\(Int(sum[1]).formattedWithCommas) samples, checksum " + String(UInt64(bitPattern: sum[0]), radix: 16)
    }
    return Finding(
      check: "the shards together are the data",
      figure: all == whole ? text(all) : "the ranks hold \(text(all)); rank 0 reads \(text(whole))",
      passed: all == whole)
  }
}

/// Samples and a sum of their hashes, which their order does not matter to.
private struct SampleSum {
  private(set) var hash: UInt64 = 0
  private(set) var samples = 0

  init() {}

  init(_ shard: Shard) {
    for sample in 0..<shard.count {
      let features = UnsafeBufferPointer(start: shard.row(sample), count: shard.format.featureCount)
      add(features.lazy.map(\.bitPattern), label: shard.labels.pointer[sample])
    }
  }

  init(_ rows: SparseRows) {
    for sample in 0..<rows.count {
      let range = rows.row(sample)
      let features = zip(rows.indices[range], rows.values[range]).lazy.map {
        UInt32(bitPattern: $0) &* 0x9e37_79b1 ^ $1.bitPattern
      }
      add(features, label: rows.labels[sample])
    }
  }

  init(reading reader: any DatasetReader) throws {
    var reader = reader
    let (format, labels) = (reader.format, reader.labels)
    let largest = max(1, (1 << 20) / format.bytesPerSample)
    let block = AlignedBuffer<UInt8>(count: min(largest, labels.count) * format.bytesPerSample)
    for start in stride(from: 0, to: labels.count, by: largest) {
      let count = min(largest, labels.count - start)
      try reader.read(
        count, into: UnsafeMutableRawBufferPointer(start: block.pointer, count: count * format.bytesPerSample))
      let samples = Shard(capacity: count, format: format)
      for sample in 0..<count {
        samples.append(block.pointer + sample * format.bytesPerSample, label: labels[start + sample])
      }
      let sum = SampleSum(samples)
      (hash, self.samples) = (hash &+ sum.hash, self.samples + sum.samples)
    }
  }

  private mutating func add(_ features: some Sequence<UInt32>, label: Int32) {
    var sample = 0xcbf2_9ce4_8422_2325 ^ UInt64(UInt32(bitPattern: label))
    for word in features { sample = (sample ^ UInt64(word)) &* 0x0000_0100_0000_01b3 }
    // Mixed, so that sums of differences do not cancel.
    sample ^= sample >> 32
    hash &+= sample &* 0x9e37_79b9_7f4a_7c15
    samples += 1
  }
}
