import Kernels
import MessagePassing

/// What travels, and with whom: a value, which `open` makes a transport of.
public protocol Exchange: Sendable {
  /// What it keeps besides the worker's vectors.
  var slots: [Slot] { get }
  /// Whether all workers come to each exchange together, so that what one reports reaches all.
  var isCollective: Bool { get }
  /// Whether workers go on without regard to each other's steps, so that none knows how many all have taken.
  var isAsynchronous: Bool { get }

  /// Whether each of its exchanges is of all workers, so that slots common to all can be kept.
  var keepsCommonSlots: Bool { get }

  /// Makes ready to exchange; every rank must call it together.
  func open(_ worker: WorkerState, _ communicator: Communicator) throws -> any Transport
}

extension Exchange {
  public var slots: [Slot] { [] }
  public var isCollective: Bool { true }
  public var keepsCommonSlots: Bool { true }
  public var isAsynchronous: Bool { false }
}

/// Carries out the exchanges of one worker, one at a time: `begin`, `poll` as often as one likes, `awaitArrival`, `complete`,
/// then the average is applied, and `settle`.
public protocol Transport: AnyObject {
  /// How numbers come from one worker to another.
  var medium: Medium { get }

  /// SIMD vectors of the flat vector that this rank writes, in all rounds together.
  var portions: [Range<Int>] { get }

  /// Bytes of numbers that a worker contributes to the exchange of `round`.
  func payloadBytes(round: Int) -> Int

  /// What the exchange of `round` sends over a network where each worker is a node of it.
  func traffic(round: Int) -> Traffic

  /// Called when a worker's numbers are ready; until `complete` they must not change.
  /// - Parameter own: goes to all with them.
  func begin(_ own: RoundReport, round: Int) throws

  /// Lets what is under way make progress: MPI makes none between calls.
  func poll() throws

  /// Returns when all workers that take part have begun.
  func awaitArrival() throws

  /// Called after that; returns when all their numbers and reports are here.
  func complete() throws -> Average

  /// Called after the average was applied; returns when it stands for all, with what that told of this worker.
  func settle(_ average: Average) throws -> SquaredNorms

  /// Called by all together, between steps, before they do anything else together: returns when no worker needs another's
  /// answer any more.
  func drain() throws
}

extension Transport {
  public func drain() throws {}
}

/// How numbers come from one worker to another; its text is what a user is told.
public enum Medium: String, Sendable {
  /// All workers' vectors lie in memory that they share. An exchange begins when the gradients are there.
  case sharedMemory = "in shared memory"
  /// Numbers travel between `begin` and `complete`, and a gradient may be computed meanwhile.
  case messages = "by messages"
  /// The same, but within a node nothing is sent.
  case nodes = "in shared memory within a node, by messages between nodes"
}

/// What an averaging, and a step from it, tell of a worker.
public typealias SquaredNorms = JointUpdate.SquaredNorms
