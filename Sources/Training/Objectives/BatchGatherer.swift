import Datasets
import Kernels
import Persistence

/// Draws a worker's batches, and lays their samples side by side in memory, or tells where they are.
public final class BatchGatherer: Persistent {
  public let batchSize: Int
  private let shard: Shard
  private var sampler: BatchSampler
  private var indices: AlignedBuffer<Int32>
  /// Of the batch after, which is drawn ahead of its time.
  private var nextIndices: AlignedBuffer<Int32>
  /// Where the samples of both are.
  private var places: AlignedBuffer<UnsafePointer<Float>>
  private var nextPlaces: AlignedBuffer<UnsafePointer<Float>>
  private var hasDrawnAhead = false
  private let rows: AlignedBuffer<Float>
  private let labels: AlignedBuffer<Int32>
  private let augmentation: CropAndFlip?
  private let leavesInPlace: Bool

  /// - Parameters:
  ///   - maximumRows: the most samples that one call of `gather` asks for.
  ///   - augmentation: what is done to the samples, which are images, on their way into a batch.
  ///   - leavesInPlace: whether samples that nothing is done to are given as scattered rows, and not copied.
  public init(
    shard: Shard, sampler: BatchSampler, batchSize: Int, maximumRows: Int, augmentation: CropAndFlip? = nil,
    leavesInPlace: Bool = false
  ) {
    self.shard = shard
    self.sampler = sampler
    self.batchSize = batchSize
    self.augmentation = augmentation
    indices = AlignedBuffer(count: batchSize)
    nextIndices = AlignedBuffer(count: batchSize)
    places = AlignedBuffer(count: batchSize)
    nextPlaces = AlignedBuffer(count: batchSize)
    self.leavesInPlace = leavesInPlace && augmentation == nil
    rows = AlignedBuffer(count: self.leavesInPlace ? 0 : min(maximumRows, batchSize) * shard.rowStride)
    labels = AlignedBuffer(count: min(maximumRows, batchSize))
  }

  /// Draws the next batch.
  public func drawBatch() {
    if !hasDrawnAhead { drawAhead() }
    hasDrawnAhead = true
    swap(&indices, &nextIndices)
    swap(&places, &nextPlaces)
    drawAhead()
  }

  /// Where the next batch begins: one is drawn ahead of its time.
  public func visit(_ state: inout StateVisitor) throws {
    var position = sampler.position - (hasDrawnAhead ? batchSize : 0)
    try state.visit(&position)
    guard state.isReading else { return }
    sampler.position = position
    hasDrawnAhead = false
  }

  private func drawAhead() {
    sampler.next(into: nextIndices.elements)
    for draw in 0..<batchSize { nextPlaces.pointer[draw] = UnsafePointer(shard.row(Int(nextIndices.pointer[draw]))) }
  }

  /// Of the batch's first sample, among all that were drawn; the next batch was drawn too.
  public var position: Int { sampler.position - 2 * batchSize }

  /// The samples of the batch after the one that was drawn.
  public var upcoming: UpcomingRows { UpcomingRows(nextPlaces.pointer, count: batchSize) }

  /// A part of the batch that was drawn: samples (range.count, features) and labels, valid until the next call.
  public func gather(_ range: Range<Int>) -> (input: Matrix, labels: UnsafePointer<Int32>) {
    let stride = shard.rowStride
    // Apart, so that the labels, which lie anywhere, are waited for all at once.
    for (place, draw) in range.enumerated() {
      labels.pointer[place] = shard.labels.pointer[Int(indices.pointer[draw])]
    }
    if leavesInPlace {
      let input = Matrix(
        scattered: UnsafePointer(places.pointer) + range.lowerBound, rows: range.count,
        columns: shard.format.featureCount)
      return (input, UnsafePointer(labels.pointer))
    }
    for (place, draw) in range.enumerated() {
      let sample = places.pointer[draw]
      let row = rows.pointer + place * stride
      if let augmentation {
        augmentation.variant(at: position + draw).write(sample, of: shard.format, to: row)
      } else {
        row.update(from: sample, count: stride)
      }
    }
    let input = Matrix(
      rows.pointer, rows: range.count, columns: shard.format.featureCount, stride: stride)
    return (input, UnsafePointer(labels.pointer))
  }
}
