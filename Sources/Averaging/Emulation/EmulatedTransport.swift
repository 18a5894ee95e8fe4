import MessagePassing

/// A transport whose exchanges end no sooner than on an emulated network: so long after the last of those who take part has
/// begun. What the worker does meanwhile hides it, as on a real one.
final class EmulatedTransport: Transport {
  private let inner: any Transport
  private let network: EmulatedNetwork?
  private let clock: any WorkerClock
  private let beginnings: BeginningTimes
  private let rank: Int
  private let workers: Int
  private var round = 0
  private var traffic = Traffic.none

  init(
    _ inner: any Transport, network: EmulatedNetwork?, clock: any WorkerClock, _ beginnings: BeginningTimes,
    _ communicator: Communicator
  ) {
    (self.inner, self.network, self.clock, self.beginnings) = (inner, network, clock, beginnings)
    (rank, workers) = (communicator.rank, communicator.size)
  }

  var medium: Medium { inner.medium }
  var portions: [Range<Int>] { inner.portions }
  func payloadBytes(round: Int) -> Int { inner.payloadBytes(round: round) }
  func traffic(round: Int) -> Traffic { inner.traffic(round: round) }

  func begin(_ own: RoundReport, round: Int) throws {
    self.round = round
    beginnings.note(clock.ownTime, round: round, rank: rank)
    traffic = inner.traffic(round: round)
    try inner.begin(own, round: round)
  }

  func poll() throws { try inner.poll() }

  func awaitArrival() throws {
    try inner.awaitArrival()
    let seconds = network?.seconds(traffic, of: rank, among: workers) ?? 0
    try clock.waitUntil(lastBeginning + seconds, poll: inner.poll)
  }

  private var lastBeginning: Double {
    switch traffic {
    // Who answers waits for nobody, and who asks for nobody to begin.
    case .none, .question: beginnings.latest(of: CollectionOfOne(rank), round: round)
    case .sum(_, let members): beginnings.latest(of: members, round: round)
    case .gathering: beginnings.latest(of: 0..<workers, round: round)
    case .neighbours(let graph, _):
      beginnings.latest(of: graph.neighbours(of: rank, among: workers) + [rank], round: round)
    }
  }

  func complete() throws -> Average { try inner.complete() }
  func settle(_ average: Average) throws -> SquaredNorms { try inner.settle(average) }
  func drain() throws { try inner.drain() }
}
