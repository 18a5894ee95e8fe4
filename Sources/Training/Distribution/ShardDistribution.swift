import Datasets
import Failures
import Kernels
import MessagePassing

/// Brings each rank its part of a data set: rank 0 alone reads, and every rank keeps only its own rows of what streams
/// past, so that a node holds about one copy of the data however many ranks it runs.
public struct ShardDistribution {
  /// Bytes of samples that stream past at a time.
  static let blockBytes = 4 << 20

  let communicator: Communicator

  public init(_ communicator: Communicator) { self.communicator = communicator }

  /// This rank's shard of the training data.
  ///
  /// - Parameter open: opens the data; called by rank 0 alone.
  /// - Returns: the rank's samples in file order, as they are in the file.
  /// - Throws: `AgreedFailure` on every rank.
  public func distribute(
    by partition: Partition, seed: UInt64, open: () throws -> any DatasetReader
  ) throws -> Shard {
    try distribute(open: open) { labels, format in
      try partition.owners(labels: labels, classCount: format.labelCount, workers: communicator.size, seed: seed)
    }
  }

  /// This rank's part of data to be judged by: an equal share in file order, empty where there are fewer samples than
  /// ranks.
  public func distributeEvenly(open: () throws -> any DatasetReader) throws -> Shard {
    try distribute(open: open) { labels, _ in
      labels.indices.map { Int32($0 * communicator.size / labels.count) }
    }
  }

  private func distribute(
    open: () throws -> any DatasetReader, owners: ([Int32], SampleFormat) throws -> [Int32]
  ) throws -> Shard {
    var reader = try communicator.agree { communicator.isRoot ? try open() : nil }
    let words = [Int64](repeating: 0, count: SampleFormat.wordCount)
    let format = SampleFormat(words: try communicator.broadcast(reader?.format.words ?? words))
    let count = try Int(communicator.broadcast([Int64(reader?.sampleCount ?? 0)])[0])
    let vocabulary = Vocabulary(try communicator.broadcast(reader?.vocabulary.text ?? ""))
    let labels = try communicator.broadcast(reader?.labels ?? [Int32](repeating: 0, count: count))
    let owners = try communicator.agree { try owners(labels, format) }
    let own = Int32(communicator.rank)
    let capacity = owners.count { $0 == own }
    try MemoryCheck.refuseTooMuch(
      "\(count) samples of \(format.featureCount) features",
      bytes: Double(Shard.bytes(capacity: capacity, format: format)),
      communicator)
    let shard = Shard(capacity: capacity, format: format, vocabulary: vocabulary)
    try stream(&reader, format: format, count: count) { index, bytes in
      if owners[index] == own { shard.append(bytes, label: labels[index]) }
    }
    return shard
  }

  /// Calls `receive` on every rank with every sample's bytes, in file order.
  private func stream(
    _ reader: inout (any DatasetReader)?, format: SampleFormat, count: Int,
    receive: (Int, UnsafeRawPointer) -> Void
  ) throws {
    let samplesPerBlock = max(1, Self.blockBytes / format.bytesPerSample)
    let block = AlignedBuffer<UInt8>(count: min(samplesPerBlock, count) * format.bytesPerSample)
    for start in Swift.stride(from: 0, to: count, by: samplesPerBlock) {
      let samples = min(samplesPerBlock, count - start)
      let bytes = UnsafeMutableBufferPointer(start: block.pointer, count: samples * format.bytesPerSample)
      try communicator.agree { try reader?.read(samples, into: UnsafeMutableRawBufferPointer(bytes)) }
      try communicator.broadcast(bytes)
      for sample in 0..<samples { receive(start + sample, block.pointer + sample * format.bytesPerSample) }
    }
  }

  /// Scales and centres training and test shards by the moments of the whole training set, which it returns.
  @discardableResult
  public func normalize(_ normalization: Normalization, training: Shard, test: Shard) throws -> ChannelMoments {
    var moments = ChannelMoments(training)
    moments.values = try communicator.allReduce(moments.values, .sum)
    normalization.apply(to: training, moments: moments)
    normalization.apply(to: test, moments: moments)
    return moments
  }
}
