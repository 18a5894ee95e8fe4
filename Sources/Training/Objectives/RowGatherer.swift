import Datasets
import Kernels

/// Lays some samples of a shard side by side in memory, or tells where they are.
struct RowGatherer {
  private let shard: Shard
  private let places: AlignedBuffer<UnsafePointer<Float>>
  private let rows: AlignedBuffer<Float>
  private let labels: AlignedBuffer<Int32>
  private let leavesInPlace: Bool

  /// - Parameters:
  ///   - maximumRows: the most samples that are gathered at once.
  ///   - leavesInPlace: whether samples are given as scattered rows, and not copied.
  init(_ shard: Shard, maximumRows: Int, leavesInPlace: Bool) {
    self.shard = shard
    self.leavesInPlace = leavesInPlace
    places = AlignedBuffer(count: leavesInPlace ? maximumRows : 0)
    rows = AlignedBuffer(count: leavesInPlace ? 0 : maximumRows * shard.rowStride)
    labels = AlignedBuffer(count: maximumRows)
  }

  /// Samples (indices.count, features) and their labels, valid until the next call.
  func gather(_ indices: ArraySlice<Int32>) -> (input: Matrix, labels: UnsafePointer<Int32>) {
    precondition(!indices.isEmpty && indices.count <= labels.count)
    let (columns, stride) = (shard.format.featureCount, shard.rowStride)
    for (place, index) in indices.enumerated() {
      let sample = UnsafePointer(shard.row(Int(index)))
      labels.pointer[place] = shard.labels.pointer[Int(index)]
      if leavesInPlace {
        places.pointer[place] = sample
      } else {
        (rows.pointer + place * stride).update(from: sample, count: stride)
      }
    }
    let input =
      leavesInPlace
      ? Matrix(scattered: places.pointer, rows: indices.count, columns: columns)
      : Matrix(rows.pointer, rows: indices.count, columns: columns, stride: stride)
    return (input, UnsafePointer(labels.pointer))
  }
}
