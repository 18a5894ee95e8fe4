import Datasets
import MessagePassing

/// Sparse rows stream past all ranks like the samples of other data sets.
extension ShardDistribution {
  /// This rank's rows of the training data.
  ///
  /// - Parameter read: reads the data; called by rank 0 alone.
  /// - Returns: the rank's rows in file order.
  /// - Throws: `AgreedFailure` on every rank.
  public func distributeRows(
    by partition: Partition, seed: UInt64, read: () throws -> SparseRows
  ) throws -> SparseRows {
    try distributeRows(read: read) { labels, classCount in
      try partition.owners(labels: labels, classCount: classCount, workers: communicator.size, seed: seed)
    }
  }

  /// This rank's rows of data to be judged by: an equal share in file order, empty where there are fewer rows than ranks.
  public func distributeRowsEvenly(read: () throws -> SparseRows) throws -> SparseRows {
    try distributeRows(read: read) { labels, _ in
      labels.indices.map { Int32($0 * communicator.size / labels.count) }
    }
  }

  private func distributeRows(
    read: () throws -> SparseRows, owners: ([Int32], Int) throws -> [Int32]
  ) throws -> SparseRows {
    let whole = try communicator.agree { communicator.isRoot ? try read() : nil }
    let sizes = [whole?.count ?? 0, whole?.featureCount ?? 0, whole?.classCount ?? 0].map(Int64.init)
    let (count, featureCount, classCount) = try communicator.broadcast(sizes).tripleOfInts
    let classValues = try communicator.broadcast(whole?.classValues ?? Array(repeating: 0, count: classCount))
    let labels = try communicator.broadcast(whole?.labels ?? Array(repeating: 0, count: count))
    let lengths = try communicator.broadcast(whole?.rowLengths ?? Array(repeating: 0, count: count))
    let owners = try communicator.agree { try owners(labels, classCount) }

    let isOwn = owners.map { $0 == communicator.rank }
    var rows = SparseRows(featureCount: featureCount, classValues: classValues)
    let nonzeros = zip(isOwn, lengths).reduce(0) { $0 + ($1.0 ? Int($1.1) : 0) }
    rows.reserveCapacity(rows: isOwn.count { $0 }, nonzeros: nonzeros)
    try stream(whole, lengths: lengths) { row, indices, values in
      if isOwn[row] { rows.append(indices: indices, values: values, label: labels[row]) }
    }
    return rows
  }

  /// Calls `receive` on every rank with every row's features, in file order.
  private func stream(
    _ whole: SparseRows?, lengths: [Int32], receive: (Int, ArraySlice<Int32>, ArraySlice<Float>) -> Void
  ) throws {
    let largest = Self.blockBytes / (MemoryLayout<Int32>.size + MemoryLayout<Float>.size)
    var (row, sent) = (0, 0)
    while row < lengths.count {
      // As many rows as fit, and at least one.
      var (end, nonzeros) = (row + 1, Int(lengths[row]))
      while end < lengths.count, nonzeros + Int(lengths[end]) <= largest {
        nonzeros += Int(lengths[end])
        end += 1
      }
      let block = sent..<sent + nonzeros
      let indices = try communicator.broadcast(
        whole.map { Array($0.indices[block]) } ?? Array(repeating: 0, count: nonzeros))
      let values = try communicator.broadcast(
        whole.map { Array($0.values[block]) } ?? Array(repeating: 0, count: nonzeros))
      var start = 0
      for row in row..<end {
        let place = start..<start + Int(lengths[row])
        receive(row, indices[place], values[place])
        start = place.upperBound
      }
      (row, sent) = (end, block.upperBound)
    }
  }
}

extension SparseRows {
  fileprivate var rowLengths: [Int32] { (0..<count).map { Int32(row($0).count) } }
}

extension [Int64] {
  fileprivate var tripleOfInts: (Int, Int, Int) { (Int(self[0]), Int(self[1]), Int(self[2])) }
}
