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

  /// One of `parts` about equal parts: none of the rows, where there are more parts.
  @inline(__always)
  func part(_ part: Int, of parts: Int) -> UpcomingRows {
    let (first, last) = (part &* count / parts, (part &+ 1) &* count / parts)
    return UpcomingRows(addresses + first, count: last &- first)
  }

  /// Asks for what `column` of each row is in.
  @inline(__always)
  func prefetch(column: Int) { for row in 0..<count { prefetch(row: row, column: column) } }

  /// Asks for what `column` of a row is in.
  @inline(__always)
  func prefetch(row: Int, column: Int) { chost_prefetch_to_second(addresses[row] + column) }
}
