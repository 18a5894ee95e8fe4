import Averaging
import Kernels
import MessagePassing
import Testing
import Training

extension RankTests {
  /// Networks and cores that there are not.
  @Suite(.serialized) @MainActor
  struct EmulationTests {
    let world = World.communicator

    /// A clock that goes on when it is told to.
    final class Clock: WorkerClock {
      var ownTime = 0.0
      func waitUntil(_ time: Double, poll: () throws -> Void) throws {
        try poll()
        ownTime = max(ownTime, time)
      }
    }

    // MARK: The model

    /// 1 kB/s and 1 s.
    private static let slow = EmulatedNetwork(bandwidth: 1000, latency: 1)

    @Test(arguments: 2...64)
    func aSumTakesTheQuickerOfRingAndTree(nodes: Int) {
      for bytes in [1, 1000, 1_000_000] {
        // Told one message after another: each way round the ring, each level up and down the tree.
        let chunk = 1 + Double(bytes) / Double(nodes) / 1000
        let ring = (0..<2 * (nodes - 1)).reduce(0.0) { sum, _ in sum + chunk }
        var (tree, reached) = (0.0, 1)
        while reached < nodes {
          tree += 2 * (1 + Double(bytes) / 1000)
          reached *= 2
        }
        let seconds = Self.slow.seconds(.sum(bytes: bytes, members: 0..<nodes), of: 0, among: nodes)
        #expect(abs(seconds - min(ring, tree)) < 1e-9 * seconds)
      }
    }

    @Test func withinANodeNothingIsSent() {
      let network = EmulatedNetwork(bandwidth: 1000, latency: 1, nodes: 2)
      #expect(network.seconds(.sum(bytes: 1000, members: 0..<4), of: 1, among: 8) == 0)
      // Two nodes, whatever each has in it.
      #expect(
        network.seconds(.sum(bytes: 1000, members: 0..<8), of: 1, among: 8)
          == Self.slow.seconds(.sum(bytes: 1000, members: 0..<2), of: 1, among: 2))
      #expect(network.seconds(.question(to: 3, bytes: 1000), of: 0, among: 8) == 0)
      #expect(network.seconds(.question(to: 5, bytes: 1000), of: 0, among: 8) == 4)
      // In a ring of eight on two nodes four workers have a neighbour elsewhere; two messages share a port,
      // and reach nine tenths of its rate.
      let seconds = (0..<8).map { network.seconds(.neighbours(.ring, bytes: 900), of: $0, among: 8) }
      #expect(seconds == [3, 0, 0, 3, 3, 0, 0, 3])
    }

    @Test func aGatheringBringsEachNodeWhatTheOthersHave() {
      #expect(Self.slow.seconds(.gathering(bytes: 900), of: 0, among: 8) == 3 + 7)
      let network = EmulatedNetwork(bandwidth: 1000, latency: 1, nodes: 4)
      #expect(network.seconds(.gathering(bytes: 900), of: 0, among: 8) == 2 + 6)
      // Of two nodes one stream has the port to itself.
      #expect(Self.slow.seconds(.gathering(bytes: 1000), of: 0, among: 2) == 1 + 1)
    }

    @Test func aLoneWorkerWaitsForNoNetwork() {
      for traffic in [
        Traffic.sum(bytes: 1000, members: 0..<1), .gathering(bytes: 1000), .neighbours(.ring, bytes: 1000), .none,
      ] {
        #expect(Self.slow.seconds(traffic, of: 0, among: 1) == 0)
      }
    }

    @Test func aNetworkIsReadAsItIsWritten() throws {
      #expect(try EmulatedNetwork(parsing: "1gbit,50us").bandwidth == 125e6 * 1448 / 1514)
      #expect(try EmulatedNetwork(parsing: "1gbit,50us").latency == 50e-6)
      #expect(try EmulatedNetwork(parsing: "nodes=4,0.5ms,100mbit").nodes == 4)
      #expect(try EmulatedNetwork(parsing: "nodes=4,0.5ms,100mbit").latency == 0.5e-3)
      for text in [
        "", "1gbit", "50us", "1gbit,50us,50us", "1gbit,-1us", "0gbit,1us", "1 gbit,1us", "nodes=0,1gbit,1us", "x",
      ] {
        #expect(throws: (any Error).self) { try EmulatedNetwork(parsing: text) }
      }
    }

    // MARK: The wait

    /// Each worker begins at another time and computes meanwhile: what is left of the exchange is waited for, no more.
    @Test(arguments: [0, 0.5, 1e6])
    func anExchangeEndsWhenTheNetworkWouldEndIt(computing: Double) throws {
      let clock = Clock()
      let network = Self.slow
      let exchanges: [any Exchange] = [
        MeanOfAll(.model), NeighbourAverage(.ring),
        CompressedMean(.gradient, codec: QuantizationCodec(bits: 8), seed: 1),
      ]
      for exchange in exchanges {
        let method = Method(
          schedule: FixedInterval(1), exchange: EmulatedExchange(exchange, on: network, clock: clock),
          update: StepThenAverage(momentum: .local))
        let worker = WorkerState(parameterCount: 100, moments: 0, slots: method.slots)
        let averager = try Averager(method, worker: worker, communicator: world)
        for round in 0..<3 {
          clock.ownTime = 1e7 * Double(round) + Double(world.rank)
          let starts = (0..<world.size).map { 1e7 * Double(round) + Double($0) }
          var (report, ended) = (RoundReport(), EndedRound())
          (report.steps, report.batchSize, ended.index, ended.steps) = (1, 1, round, 1)
          try averager.begin(report, ended)
          clock.ownTime += computing
          let own = clock.ownTime
          _ = try averager.complete()
          averager.apply()
          try averager.settle()
          let (traffic, needed) = self.traffic(exchange, bytes: averager.bytesSent / (round + 1))
          let seconds = network.seconds(traffic, of: world.rank, among: world.size)
          #expect(clock.ownTime == max(own, needed.map { starts[$0] }.max()! + seconds), "\(exchange), round \(round)")
        }
      }
    }

    /// What an exchange sends, and whose numbers a worker needs.
    private func traffic(_ exchange: any Exchange, bytes: Int) -> (Traffic, [Int]) {
      let all = Array(0..<world.size)
      guard exchange is NeighbourAverage else {
        return (exchange is MeanOfAll ? .sum(bytes: bytes, members: 0..<world.size) : .gathering(bytes: bytes), all)
      }
      let neighbours = MixingGraph.ring.neighbours(of: world.rank, among: world.size)
      return (.neighbours(.ring, bytes: bytes / max(1, neighbours.count)), neighbours + [world.rank])
    }

    // MARK: Whole runs

    @Test(arguments: MethodCatalog.names(.deterministic))
    func emulationChangesNoBit(name: String) throws {
      // Real nodes are no emulated ones.
      let method = name == "two-level" ? "two-level:group=2" : name
      let scenario = try Scenario(layout: .messages).with(method, workers: world.size)
      let isKnownAhead = scenario.method.schedule.isKnownAhead
      let network = EmulatedNetwork(bandwidth: 1e9, latency: 1e-6)
      let models = try [nil, Emulation(network: network, hasOwnCores: isKnownAhead)].map { emulation in
        let trainer = try scenario.with { $0.emulation = emulation }.trainer(world)
        for _ in 0..<Scenario.catalogSteps { try trainer.step() }
        try trainer.finish()
        return trainer.worker.parameters.bits
      }
      #expect(models[0] == models[1])
    }

    /// On cores of their own workers need what each computes and what the network takes; others on the core do not count.
    @Test func timeOnACoreOfOnesOwnIsWorkAndTheNetwork() throws {
      var scenario = Scenario(method: .parallelSGD, layout: .messages)
      scenario.emulation = Emulation(network: Self.slow, hasOwnCores: true)
      let trainer = try scenario.trainer(world)
      let factor = try trainer.calibrateCore()
      #expect(factor! > 0)
      trainer.timer.reset()
      let steps = 5
      for _ in 0..<steps { try trainer.step() }
      let timer = trainer.timer
      let bytes = trainer.worker.parameters.count * 4
      let network =
        Double(steps) * Self.slow.seconds(.sum(bytes: bytes, members: 0..<world.size), of: 0, among: world.size)
      let work = try world.allReduce(timer.trainingSeconds - timer[.wait] - timer[.average], .sum)
      #expect(timer[.average] == 0)
      #expect(timer.trainingSeconds >= network)
      #expect(timer.trainingSeconds <= (network + work) * (1 + 1e-9))
    }

    @Test func measuringACoreLeavesNoTrace() throws {
      var scenario = Scenario(method: .parallelSGD, layout: .messages)
      scenario.emulation = Emulation(network: nil, hasOwnCores: true)
      let models = try [false, true].map { measures in
        let trainer = try scenario.trainer(world)
        if measures { _ = try trainer.calibrateCore() }
        for _ in 0..<5 { try trainer.step() }
        return trainer.worker.parameters.bits
      }
      #expect(models[0] == models[1])
    }
  }
}
