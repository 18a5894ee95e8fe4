import Testing

extension BuiltProgram {
  /// What docs/algorithms.md says of each algorithm, as runs record it.
  @Suite(.serialized)
  struct AlgorithmTests {
    struct Cost: Sendable {
      let options: String
      /// After T = 23 steps of two ranks.
      let rounds: Int
      /// Models, or gradients, in one exchange.
      let vectors: Int
    }

    static let costs = [
      Cost(options: "--algorithm psgd --momentum 0", rounds: 23, vectors: 1),
      Cost(options: "--algorithm psgd", rounds: 23, vectors: 1),
      Cost(options: "--interval 4 --momentum 0", rounds: 5, vectors: 1),
      Cost(options: "--interval 4", rounds: 5, vectors: 2),
      Cost(options: "--interval 4 --momentum-policy local --order step-first", rounds: 5, vectors: 1),
      // K^s = ⌊s^{1/3} / 2⌋ from s₀ = 8: one step an epoch until s = 63.
      Cost(options: "--algorithm pr-sgd-tv --smoothness 20", rounds: 23, vectors: 2),
      // Ten steps an epoch.
      Cost(options: "--algorithm pr-sgd-tv --smoothness 20 --interval-scale 20", rounds: 2, vectors: 2),
    ]

    @Test(arguments: costs)
    func roundsAndBytesAreTheFormulas(cost: Cost) async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 23 --batch-size 8 \(cost.options)", ranks: 2, into: "run")
      let table = try workspace.convergence("run")
      let parameters = 12 * 16 + 16 + 16 * 3 + 3
      #expect(try table[column: "round"].last == "\(cost.rounds)")
      #expect(try table[column: "bytes_sent"].last == "\(4 * cost.vectors * parameters * cost.rounds)")
    }

    @Test func unequalIntervalsAreLoggedAndReplayedToTheSameBits() async throws {
      let workspace = try Workspace()
      let options = "--steps 60 --batch-size 8 --algorithm pr-sgd-het --interval"
      try await workspace.train("\(options) adaptive:2..20 --slowdown 1:3", ranks: 3, into: "adaptive")
      let log = try workspace.table("adaptive/intervals.csv")
      #expect(log.header == ["round", "rank", "steps"])
      let steps = try log[column: "steps"].compactMap { Int($0) }
      #expect(steps.dropLast(3).allSatisfy { (2...20).contains($0) })
      // The run's last round is cut short.
      #expect(steps.suffix(3).allSatisfy { (1...20).contains($0) })
      try await workspace.train("\(options) 8 --replay adaptive/intervals.csv", ranks: 3, into: "replayed")
      #expect(try workspace.model("adaptive") == workspace.model("replayed"))
      #expect(try workspace.bytes(of: "adaptive/intervals.csv") == workspace.bytes(of: "replayed/intervals.csv"))
    }

    @Test func whatDoesNotFitTheAlgorithmOrTheRanksIsRefused() async throws {
      let workspace = try Workspace()
      for options in [
        "--interval 4,4", "--interval adaptive:2..9", "--replay x.csv", "--algorithm psgd --weights steps",
        "--algorithm pr-sgd-het --interval 4,4,4", "--learning-rate theory", "--check-theory", "--slowdown 0:0.5",
        "--slowdown 2:3",
      ] {
        let outcome = try await workspace.run("\(Workspace.small) \(options) --output run", ranks: 2)
        #expect(outcome.code == 64, "\(options): \(outcome.testDescription)")
        #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      }
    }

    /// A round longer than the run, and one that is not a divisor of it.
    @Test(arguments: ["500", "adaptive:500..600", "7", "2,9,4", "calibrated:16"], ["pr-sgd-het", "fedavg:epochs=50"])
    func theLastRoundIsCutShort(interval: String, algorithm: String) async throws {
      let isFederated = algorithm.hasPrefix("fedavg")
      let workspace = try Workspace()
      let rounds = isFederated ? "" : "--interval \(interval)"
      try await workspace.train("--steps 20 --algorithm \(algorithm) \(rounds)", ranks: 3, into: "run")
      #expect(try workspace.convergence("run")[column: "step"].last == "20")
      let table = try workspace.workers("run")
      let steps = try zip(table[column: "step"], table[column: "local_steps"]).filter { $0.0 == "20" }
        .compactMap { Int($0.1) }
      // Whoever begins a last step takes all of it.
      #expect(steps.count == 3 && (60...62).contains(steps.reduce(0, +)), "\(steps)")
    }

    /// With the interval that there would be without the option, the method would be refused.
    @Test func whatAnotherOptionAllowsIsNotRefused() async throws {
      let workspace = try Workspace()
      try await workspace.train(
        "--steps 20 --algorithm streaming-diloco:fragments=4,delay=3 --interval 16", ranks: 2, into: "run")
      #expect(try workspace.convergence("run")[column: "step"].last == "20")
    }

    @Test func unequalStepsAreNotForBench() async throws {
      let outcome = try await Workspace().run("bench --algorithm pr-sgd-het --interval adaptive:2..9", ranks: 2)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
    }

    @Test func theAlgorithmsAreListed() async throws {
      let outcome = try await Workspace().run("algorithms", ranks: nil)
      #expect(outcome.code == 0)
      for name in ["pr-sgd ", "pr-sgd-tv ", "pr-sgd-het ", "psgd "] { #expect(outcome.output.contains(name)) }
    }
  }
}
