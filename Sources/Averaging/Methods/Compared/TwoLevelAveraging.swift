import Failures
import Kernels
import MessagePassing

extension MethodEntry {
  static let twoLevelAveraging = MethodEntry(
    name: "two-level", family: .compared,
    summary: "averages within a group often, over all workers seldom",
    citation: "Lin, Stich, Patel, Jaggi, ICLR 2020 (hierarchical local SGD); Zhou, Cong 2019",
    keys: [
      Key("group", "node", "the workers of a node, or how many workers of consecutive ranks"),
      Key("outer", "4", "I₂: every so many averages is one over all workers"),
    ],
    traits: [.serialAlone, .deterministic, .preservesMean],
    explanation: """
      Every I steps (--interval) x_i ← the mean over the group; every I·I₂ steps the mean over all.
      Between groups a model travels once in I·I₂ steps. I₂ = 1 is pr-sgd in step-first order.
      Good for: nodes of many cores on a slow network.
      """
  ) { keys in
    let text = keys.text("group") ?? "node"
    let size = Int(text)
    guard text == "node" || size.map({ $0 > 0 }) == true else {
      throw Failure(.usage, "two-level: 'group=\(text)' should be node or a number of workers")
    }
    let outer = try keys.number("outer", 4, in: 1...1_000_000)
    return { draft in
      let mean = MeanOfAll(
        .model, carriesMomentum: draft.momentum == .average, weights: draft.settings.weights)
      guard mean.weights != .normalized else {
        throw Failure(.usage, "two-level wants other --weights than normalized, whose x₀ is one for all")
      }
      try draft.setExchange(MeanByLevels(mean: mean, groupSize: size, outer: outer))
    }
  }
}

/// The mean over a group, and in every `outer`-th round over all.
struct MeanByLevels: Exchange {
  let mean: MeanOfAll
  /// Nil: the workers of a node.
  let groupSize: Int?
  let outer: Int

  var keepsCommonSlots: Bool { outer == 1 }

  func open(_ worker: WorkerState, _ communicator: Communicator) throws -> any Transport {
    let group =
      try groupSize.map { try communicator.split(color: communicator.rank / $0)! } ?? communicator.splitByNode()
    let members = try group.allGather([Int64(communicator.rank)]).map { Int($0[0]) }
    let peers = worker.peers.isEmpty ? [] : members.map { worker.peers[$0] }
    return TransportByLevels(
      inner: mean.open(worker, among: group.size == 1 ? [] : peers, group), all: try mean.open(worker, communicator),
      members: members[0]..<members[0] + members.count, outer: outer)
  }
}

/// One transport or another, by the round.
final class TransportByLevels: Transport {
  private let inner: any Transport
  private let all: any Transport
  /// The group's, by their ranks among all, which are consecutive where the group is a number of workers.
  private let members: Range<Int>
  private let outer: Int
  private var current: any Transport

  init(inner: any Transport, all: any Transport, members: Range<Int>, outer: Int) {
    self.inner = inner
    self.all = all
    self.members = members
    self.outer = outer
    current = inner
  }

  private func isOuter(_ round: Int) -> Bool { (round + 1) % outer == 0 }
  private func transport(round: Int) -> any Transport { isOuter(round) ? all : inner }

  var medium: Medium { all.medium }
  var portions: [Range<Int>] { all.portions }
  func payloadBytes(round: Int) -> Int { transport(round: round).payloadBytes(round: round) }

  func traffic(round: Int) -> Traffic {
    isOuter(round) ? all.traffic(round: round) : .sum(bytes: inner.payloadBytes(round: round), members: members)
  }

  func begin(_ own: RoundReport, round: Int) throws {
    current = transport(round: round)
    try current.begin(own, round: round)
  }

  func poll() throws { try current.poll() }
  func awaitArrival() throws { try current.awaitArrival() }
  func complete() throws -> Average { try current.complete() }
  func settle(_ average: Average) throws -> SquaredNorms { try current.settle(average) }
}
