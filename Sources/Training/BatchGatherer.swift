import Datasets
import Kernels

/// Draws a worker's batches, and lays their samples side by side in memory.
public final class BatchGatherer {
  public let batchSize: Int
  private let shard: Shard
  private var sampler: BatchSampler
  private var indices: AlignedBuffer<Int32>
  /// Of the batch after, which is drawn ahead of its time.
  private var nextIndices: AlignedBuffer<Int32>
  private let nextRows: AlignedBuffer<UnsafePointer<Float>>
  private var hasDrawnAhead = false
  private let rows: AlignedBuffer<Float>
  private let labels: AlignedBuffer<Int32>
  private let augmentation: CropAndFlip?

  /// - Parameters:
  ///   - maximumRows: the most samples that one call of `gather` asks for.
  ///   - augmentation: what is done to the samples, which are images, on their way into a batch.
  public init(
    shard: Shard, sampler: BatchSampler, batchSize: Int, maximumRows: Int, augmentation: CropAndFlip? = nil
  ) {
    self.shard = shard
    self.sampler = sampler
    self.batchSize = batchSize
    self.augmentation = augmentation
    indices = AlignedBuffer(count: batchSize)
    nextIndices = AlignedBuffer(count: batchSize)
    nextRows = AlignedBuffer(count: batchSize)
    rows = AlignedBuffer(count: min(maximumRows, batchSize) * shard.rowStride)
    labels = AlignedBuffer(count: min(maximumRows, batchSize))
  }

  /// Draws the next batch.
  public func drawBatch() {
    if hasDrawnAhead { swap(&indices, &nextIndices) } else { sampler.next(into: indices.elements) }
    sampler.next(into: nextIndices.elements)
    hasDrawnAhead = true
    for draw in 0..<batchSize { nextRows.pointer[draw] = UnsafePointer(shard.row(Int(nextIndices.pointer[draw]))) }
  }

  /// The samples of the batch after the one that was drawn.
  public var upcoming: UpcomingRows { UpcomingRows(nextRows.pointer, count: batchSize) }

  /// A part of the batch that was drawn: samples (range.count, features) and labels, valid until the next call.
  public func gather(_ range: Range<Int>) -> (input: Matrix, labels: UnsafePointer<Int32>) {
    let stride = shard.rowStride
    // Of the batch, among all samples that were drawn; the next one was drawn too.
    let firstPosition = sampler.position - 2 * batchSize
    // Apart, so that the labels, which lie anywhere, are waited for all at once.
    for (place, draw) in range.enumerated() {
      labels.pointer[place] = shard.labels.pointer[Int(indices.pointer[draw])]
    }
    for (place, draw) in range.enumerated() {
      let sample = shard.row(Int(indices.pointer[draw]))
      let row = rows.pointer + place * stride
      if let augmentation {
        augmentation.variant(at: firstPosition + draw).write(sample, of: shard.format, to: row)
      } else {
        row.update(from: sample, count: stride)
      }
    }
    let input = Matrix(
      rows.pointer, rows: range.count, columns: shard.format.featureCount, stride: stride)
    return (input, UnsafePointer(labels.pointer))
  }
}
