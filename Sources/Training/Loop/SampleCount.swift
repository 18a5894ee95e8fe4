import Kernels
import MessagePassing
import Persistence

/// How many samples all workers have used, where each goes at its own speed and none may wait for another.
///
/// One nonblocking reduction after another adds up what the workers have used. A worker begins the next one with its first
/// step after it knows the result of the last, so all look at the same results in the same order between their steps:
/// what they decide by them, they decide alike. A count takes about as long as a step of the slowest worker, and
/// by then some samples more are used.
final class SampleCount: Persistent {
  /// Samples of all workers, by the last count that was finished.
  private(set) var samples = 0
  /// What this worker wants, until a count begins that brings it to all.
  private var wish: Wish = []
  /// What any worker wanted, by the counts that were finished since it was asked for.
  private var news: Wish = []

  /// Every worker is there.
  private let communicator: Communicator
  /// The same, for counts alone: workers begin them at different moments, between other things.
  private let counting: Communicator
  /// Samples, and for each bit of a wish how many want it.
  private let own = AlignedBuffer<Int64>(count: 3)
  private let all = AlignedBuffer<Int64>(count: 3)
  private var request: Request?
  /// Counts begun since all last stood still.
  private var begun = 0

  init(_ communicator: Communicator) throws {
    self.communicator = communicator
    counting = try communicator.duplicate()
  }

  /// Begins a count, unless one is under way; called once a step.
  /// - Parameter own: samples that this worker has used so far.
  func begin(_ own: Int) throws {
    guard request == nil else { return try poll() }
    begun += 1
    self.own[0] = Int64(own)
    self.own[1] = wish.contains(.checkpoint) ? 1 : 0
    self.own[2] = wish.contains(.stop) ? 1 : 0
    wish = []
    request = try counting.beginAllReduce(
      UnsafeBufferPointer(self.own.elements), into: all.elements, .sum, owner: self)
  }

  /// Lets the count under way make progress.
  func poll() throws {
    if try request?.test() == true { try finish() }
  }

  private func finish() throws {
    guard let request = request.take() else { return }
    try request.wait()
    samples = Int(all[0])
    if all[1] > 0 { news.insert(.checkpoint) }
    if all[2] > 0 { news.insert(.stop) }
  }

  /// - Parameter own: what this worker wants.
  /// - Returns: what any worker wanted, by the counts that were finished since the last call: the same sequence on all.
  func consult(_ own: Wish) -> Wish {
    wish.formUnion(own)
    defer { news = [] }
    return news
  }

  /// Ends all counts, with a last one that is exact; every rank must call it together, between steps.
  func settle(_ own: Int) throws {
    // Some may have begun one count more than others.
    if try communicator.allReduce(Int64(begun), .maximum) > begun {
      try finish()
      try begin(own)
    }
    try finish()
    begun = 0
    samples = try Int(communicator.allReduce(Int64(own), .sum))
  }

  /// Begins after samples that were used before.
  func begin(afterSamples samples: Int) { self.samples = samples }

  /// Stands still when it is visited.
  func visit(_ state: inout StateVisitor) throws { try state.visit(&samples) }
}
