import Kernels
import MessagePassing
import Persistence

/// Everything of a worker that its steps change and an averaging may touch. Model and moments lie side by side, so that
/// they travel in one message.
public struct WorkerVectors: Sendable {
  /// x_i, *m* numbers.
  public let parameters: ParameterVector
  /// u_i, *m* numbers, Adam's first moment; none without momentum.
  public let momentum: ParameterVector?
  /// v_i, *m* numbers; none but Adam's.
  public let secondMoment: ParameterVector?
  /// How many of the two there are.
  public let moments: Int
  /// g_i of the current step.
  public let gradient: ParameterVector
  private let slots: [(slot: Slot, vector: ParameterVector)]

  /// Numbers that the vectors of a worker take.
  static func storageCount(_ parameterCount: Int, moments: Int, slots: [Slot]) -> Int {
    (2 + moments + slots.count) * ParameterVector.paddedCount(parameterCount)
  }

  init(_ storage: AlignedBuffer<Float>, parameterCount count: Int, moments: Int, slots: [Slot]) {
    let padded = ParameterVector.paddedCount(count)
    let vector = { (index: Int) in ParameterVector(storage, offset: index * padded, count: count) }
    self.moments = moments
    parameters = vector(0)
    momentum = moments > 0 ? vector(1) : nil
    secondMoment = moments > 1 ? vector(2) : nil
    gradient = vector(1 + moments)
    self.slots = slots.enumerated().map { index, slot in (slot, vector(2 + moments + index)) }
  }

  /// The vector of a slot that the method asked for.
  public subscript(slot: Slot) -> ParameterVector {
    for (known, vector) in slots where known == slot { return vector }
    preconditionFailure("the method asked for no slot \(slot.name)")
  }

  var replica: JointUpdate.Replica {
    JointUpdate.Replica(
      parameters: parameters, momentum: momentum, secondMoment: secondMoment, gradient: gradient)
  }

  /// What changes from step to step; the gradient is found anew.
  fileprivate var persistent: [ParameterVector] {
    [parameters] + [momentum, secondMoment].compactMap { $0 } + slots.map(\.vector)
  }

  fileprivate func prepare() {
    for (slot, vector) in slots where slot.start == .model { vector.copy(from: parameters) }
  }
}

/// A worker's vectors, and those of the others on its node where they share memory.
public final class WorkerState: Persistent {
  public let vectors: WorkerVectors
  /// The workers of this one's node, where they share memory.
  let node: Node?
  private let common: [(slot: Slot, vector: ParameterVector)]

  /// Workers that share memory.
  struct Node {
    /// Their ranks index `peers`.
    let communicator: Communicator
    let peers: [Peer]
    /// Whether there are no other workers.
    let holdsAll: Bool
  }

  /// Where all workers share memory: what each of them has there.
  var peers: [Peer] { node?.holdsAll == true ? node!.peers : [] }

  /// A worker in shared memory.
  struct Peer {
    let vectors: WorkerVectors
    /// What this one tells all.
    let report: ReportWords
    /// What it tells each.
    let squares: UnsafeMutablePointer<SquaredNorms>
  }

  public var parameters: ParameterVector { vectors.parameters }
  public var momentum: ParameterVector? { vectors.momentum }
  public var secondMoment: ParameterVector? { vectors.secondMoment }
  public var gradient: ParameterVector { vectors.gradient }

  /// The vector of a slot that the method asked for: the worker's own, or the common one.
  public subscript(slot: Slot) -> ParameterVector {
    guard slot.owner == .common else { return vectors[slot] }
    for (known, vector) in common where known == slot { return vector }
    preconditionFailure("the method asked for no slot \(slot.name)")
  }

  func has(_ slot: Slot) -> Bool { common.contains { $0.slot == slot } }

  /// In memory of this process alone.
  public convenience init(parameterCount: Int, hasMomentum: Bool, slots: [Slot] = []) {
    self.init(parameterCount: parameterCount, moments: hasMomentum ? 1 : 0, slots: slots)
  }

  /// In memory of this process alone.
  /// - Parameter moments: of the optimiser: 0 of plain SGD, 1 with momentum, 2 of Adam.
  public init(parameterCount: Int, moments: Int, slots: [Slot] = []) {
    let own = slots.filter { $0.owner == .worker }
    let count = WorkerVectors.storageCount(parameterCount, moments: moments, slots: own)
    vectors = WorkerVectors(
      AlignedBuffer(count: count), parameterCount: parameterCount, moments: moments, slots: own)
    common = Self.common(slots, parameterCount)
    node = nil
  }

  private init(_ node: Node, common: [(slot: Slot, vector: ParameterVector)]) {
    vectors = node.peers[node.communicator.rank].vectors
    self.node = node
    self.common = common
  }

  private static func common(_ slots: [Slot], _ count: Int) -> [(slot: Slot, vector: ParameterVector)] {
    slots.filter { $0.owner == .common }.map { ($0, ParameterVector(sparselyUsed: count)) }
  }

  /// In memory that the workers of each node share, where there are several and all can; every rank must call it together.
  /// A worker alone on its node has its vectors there too: sums between nodes are formed in the same way.
  /// - Parameter node: the ranks of this rank's node; found out if not given.
  /// - Throws: `MPIError`.
  public static func shared(
    parameterCount: Int, moments: Int, slots: [Slot] = [], by all: Communicator, node: Communicator? = nil
  ) throws -> WorkerState {
    let node = try node ?? self.node(of: all)
    let own = slots.filter { $0.owner == .worker }
    let count = WorkerVectors.storageCount(parameterCount, moments: moments, slots: own)
    let bytes = count * MemoryLayout<Float>.stride
    let told = ReportWords.bytes + node.size * MemoryLayout<SquaredNorms>.stride
    guard all.size > 1,
      let memory = try SharedMemory.allocate(bytes: bytes + told + AlignedBuffer<Float>.slack, on: node, of: all)
    else { return WorkerState(parameterCount: parameterCount, moments: moments, slots: slots) }
    let peers = (0..<node.size).map { rank in
      let start = memory.segment(of: rank)
      let storage = AlignedBuffer(start.bindMemory(to: Float.self, capacity: count), count: count, owner: memory)
      let squares = (start + bytes + ReportWords.bytes).bindMemory(to: SquaredNorms.self, capacity: node.size)
      return Peer(
        vectors: WorkerVectors(storage, parameterCount: parameterCount, moments: moments, slots: own),
        report: ReportWords(at: start + bytes), squares: squares)
    }
    let holdsAll = node.size == all.size
    return WorkerState(
      Node(communicator: node, peers: peers, holdsAll: holdsAll), common: common(slots, parameterCount))
  }

  /// The ranks of this rank's node.
  private static func node(of all: Communicator) throws -> Communicator {
    let node = try all.splitByNode()
    guard node.size == all.size else { return node }
    try node.free()
    return all
  }

  /// In memory that the workers of each node share, where they can; every rank must call it together.
  /// - Throws: `MPIError`.
  public static func shared(
    parameterCount: Int, hasMomentum: Bool, slots: [Slot] = [], by communicator: Communicator
  ) throws -> WorkerState {
    try shared(parameterCount: parameterCount, moments: hasMomentum ? 1 : 0, slots: slots, by: communicator)
  }

  /// Fills the slots that begin as the model.
  /// - Parameter portions: SIMD vectors of the common slots that this rank writes.
  func prepareSlots(_ portions: [Range<Int>]) {
    vectors.prepare()
    for (slot, vector) in common where slot.start == .model {
      for portion in portions {
        (vector.vectors + portion.lowerBound).update(
          from: parameters.vectors + portion.lowerBound, count: portion.count)
      }
    }
  }

  /// The worker's vectors, and this rank's portions of those that are common.
  func visit(_ state: inout StateVisitor, portions: [Range<Int>]) throws {
    try visit(&state)
    for (_, vector) in common {
      for portion in portions {
        let part = vector.vectors + portion.lowerBound
        try state.visit(numbers: UnsafeMutableBufferPointer(start: part, count: portion.count))
      }
    }
  }

  /// The worker's own vectors.
  public func visit(_ state: inout StateVisitor) throws {
    for vector in vectors.persistent { try state.visit(numbers: vector.elements) }
  }
}
