import CHost

/// Rows that will be wanted soon, anywhere in memory: kernels ask for them a cache line at a time while they compute, so
/// that the rows are near when their turn comes.
public struct UpcomingRows {
  /// (count)
  private let addresses: UnsafePointer<UnsafePointer<Float>>
  let count: Int

  public init(_ addresses: UnsafePointer<UnsafePointer<Float>>, count: Int) {
    self.addresses = addresses
    self.count = count
  }

  /// Asks for what `column` of a row is in.
  @inline(__always)
  func prefetch(row: Int, column: Int) { chost_prefetch(addresses[row] + column) }
}
