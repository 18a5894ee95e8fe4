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

  /// The first of two parts, and the second: passes share the work.
  public var halves: (UpcomingRows, UpcomingRows) {
    (UpcomingRows(addresses, count: count / 2), UpcomingRows(addresses + count / 2, count: count - count / 2))
  }

  /// Asks for what `column` of a row is in.
  @inline(__always)
  func prefetch(row: Int, column: Int) { chost_prefetch_to_second(addresses[row] + column) }
}
