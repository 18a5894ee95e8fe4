import CHost

/// Cache lines that kernels prefetch, a few at a time, while they compute: memory's latency hides behind arithmetic.
struct UpcomingLines {
  let first: UnsafePointer<Float>
  /// Cache lines.
  let count: Int

  /// Prefetches one of `parts` equal parts.
  @inline(__always)
  func prefetch(part: Int, of parts: Int) {
    for line in lines(part, parts) { chost_prefetch(first + line &* CacheLine.floats) }
  }

  /// Prefetches one of `parts` equal parts for writing.
  @inline(__always)
  func prefetchToWrite(part: Int, of parts: Int) {
    for line in lines(part, parts) { chost_prefetch_to_write(first + line &* CacheLine.floats) }
  }

  @inline(__always)
  private func lines(_ part: Int, _ parts: Int) -> Range<Int> { part &* count / parts..<(part &+ 1) &* count / parts }
}
