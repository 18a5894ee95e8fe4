import Datasets
import Kernels

/// Draws a worker's batches, and lays their samples side by side in memory.
public final class BatchGatherer {
  public let batchSize: Int
  private let shard: Shard
  private var sampler: BatchSampler
  private let indices: AlignedBuffer<Int32>
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
    rows = AlignedBuffer(count: min(maximumRows, batchSize) * shard.rowStride)
    labels = AlignedBuffer(count: min(maximumRows, batchSize))
  }

  /// Draws the next batch.
  public func drawBatch() { sampler.next(into: indices.elements) }

  /// A part of the batch that was drawn: samples (range.count, features) and labels, valid until the next call.
  public func gather(_ range: Range<Int>) -> (input: Matrix, labels: UnsafePointer<Int32>) {
    let stride = shard.rowStride
    // Of the batch, among all samples that were drawn.
    let firstPosition = sampler.position - batchSize
    for (place, draw) in range.enumerated() {
      let index = Int(indices.pointer[draw])
      let row = rows.pointer + place * stride
      if let augmentation {
        augmentation.variant(at: firstPosition + draw).write(shard.row(index), of: shard.format, to: row)
      } else {
        row.update(from: shard.row(index), count: stride)
      }
      labels.pointer[place] = shard.labels.pointer[index]
    }
    let input = Matrix(
      rows.pointer, rows: range.count, columns: shard.format.featureCount, stride: stride)
    return (input, UnsafePointer(labels.pointer))
  }
}
