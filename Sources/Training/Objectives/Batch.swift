import Datasets
import Kernels

/// What a network is shown at once, and what it should say: rows, and a target for each.
public struct Batch {
  /// (rows, features)
  public let input: Matrix
  /// (rows)
  public let targets: UnsafePointer<Int32>
}

/// Makes batches of samples as they lie in a shard: as they are with their labels, or, of sequences, a row and a target for
/// each position, in memory of its own.
public struct BatchLayout {
  private let format: SampleFormat
  private let characters: AlignedBuffer<Float>
  private let targets: AlignedBuffer<Int32>

  /// - Parameter maximumSamples: of a batch.
  public init(_ format: SampleFormat, maximumSamples: Int) {
    self.format = format
    let rows = format.isSequence ? maximumSamples * format.targetCount : 0
    characters = AlignedBuffer(count: rows)
    targets = AlignedBuffer(count: rows)
  }

  /// A batch, valid until the next call.
  /// - Parameters:
  ///   - samples: (samples, features)
  ///   - labels: theirs.
  public func batch(_ samples: Matrix, labels: UnsafePointer<Int32>) -> Batch {
    guard format.isSequence else { return Batch(input: samples, targets: labels) }
    let positions = format.targetCount
    precondition(samples.rows * positions <= targets.count)
    for sample in 0..<samples.rows {
      let (sequence, first) = (samples.row(sample), sample * positions)
      (characters.pointer + first).update(from: sequence, count: positions)
      for position in 0..<positions { targets.pointer[first + position] = Int32(sequence[position + 1]) }
    }
    let input = Matrix(characters.pointer, rows: samples.rows * positions, columns: 1)
    return Batch(input: input, targets: UnsafePointer(targets.pointer))
  }

  /// Hands all samples of a shard to `body`, some at a time.
  func forEachBatch(of shard: Shard, samples: Int, _ body: (Batch) throws -> Void) rethrows {
    for start in stride(from: 0, to: shard.count, by: samples) {
      let piece = Matrix(
        shard.row(start), rows: min(samples, shard.count - start), columns: shard.format.featureCount,
        stride: shard.rowStride)
      try body(batch(piece, labels: UnsafePointer(shard.labels.pointer + start)))
    }
  }
}
