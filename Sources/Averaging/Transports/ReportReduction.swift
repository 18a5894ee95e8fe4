import Kernels
import MessagePassing

/// The reduction of all workers' reports by messages, apart from their numbers: it ends as soon as the last worker has
/// begun, however long the numbers take.
final class ReportReduction {
  private let communicator: Communicator
  private let own = AlignedBuffer<UInt8>(count: ReportWords.bytes)
  private let all = AlignedBuffer<UInt8>(count: ReportWords.bytes)
  private var sums: Request?
  private var maxima: Request?

  init(_ communicator: Communicator) { self.communicator = communicator }

  func begin(_ report: RoundReport) throws {
    let (own, all) = (ReportWords(at: own.pointer), ReportWords(at: all.pointer))
    report.write(to: own)
    sums = try communicator.beginAllReduce(
      UnsafeBufferPointer(start: own.sums, count: ReportWords.sumCount),
      into: UnsafeMutableBufferPointer(start: all.sums, count: ReportWords.sumCount), .sum, owner: self)
    maxima = try communicator.beginAllReduce(
      UnsafeBufferPointer(start: own.maxima, count: ReportWords.maximumCount),
      into: UnsafeMutableBufferPointer(start: all.maxima, count: ReportWords.maximumCount), .maximum, owner: self)
  }

  /// Whether `wait` would return at once.
  func test() throws -> Bool {
    guard try sums?.test() != false else { return false }
    return try maxima?.test() != false
  }

  func wait() throws {
    try sums.take()?.wait()
    try maxima.take()?.wait()
  }

  /// After `wait`.
  var result: RoundReports { RoundReports(ReportWords(at: all.pointer)) }
}
