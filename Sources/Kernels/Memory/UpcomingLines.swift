import CHost

/// Memory that is asked for ahead of time, bit by bit, while arithmetic keeps the core busy: what memory takes hides
/// behind it.
struct UpcomingLines {
  let first: UnsafePointer<Float>
  /// Cache lines.
  let count: Int

  /// Asks for one of `parts` equal parts.
  @inline(__always)
  func prefetch(part: Int, of parts: Int) {
    for line in lines(part, parts) { chost_prefetch(first + line &* CacheLine.floats) }
  }

  /// Asks for one of `parts` equal parts, to be overwritten.
  @inline(__always)
  func prefetchToWrite(part: Int, of parts: Int) {
    for line in lines(part, parts) { chost_prefetch_to_write(first + line &* CacheLine.floats) }
  }

  @inline(__always)
  private func lines(_ part: Int, _ parts: Int) -> Range<Int> { part &* count / parts..<(part &+ 1) &* count / parts }
}
