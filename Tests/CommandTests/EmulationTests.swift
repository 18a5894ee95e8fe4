import Testing

extension BuiltProgram {
  /// Times of machines that there are not, and advice on them.
  struct EmulationTests {
    static let run = "\(Workspace.small) --quiet --steps 20 --evaluate-every 10"

    private func seconds(_ workspace: Workspace, _ run: String, _ column: String) throws -> Double {
      try #require(workspace.convergence(run)[column: "\(column)_seconds"].last.flatMap(Double.init))
    }

    @Test(arguments: ["psgd", "pr-sgd", "cocod", "d-psgd", "compressed:codec=int8", "post-local"])
    func anEmulatedNetworkIsWaitedForAndChangesNothingElse(method: String) async throws {
      let workspace = try Workspace()
      let options = "\(Self.run) --algorithm \(method)"
      for (folder, emulation) in [
        ("real", "--no-shared-memory"), ("slow", "--emulate-network 1mbit,20ms"),
        ("alone", "--emulate-network 1mbit,20ms --emulate-cores"),
      ] {
        let outcome = try await workspace.run("\(options) \(emulation) --output \(folder)", ranks: 3)
        try #require(outcome.code == 0, "\(outcome.testDescription)")
      }
      for folder in ["slow", "alone"] {
        #expect(try workspace.convergence(folder).withoutTimings == workspace.convergence("real").withoutTimings)
        #expect(try workspace.model(folder) == workspace.model("real"))
        // Each exchange has a message at least; those that may hide do so behind one step or some.
        #expect(try seconds(workspace, folder, "wait") > 0)
        // Nothing of psgd hides: at each of 20 steps a tree of three nodes has four messages, a ring as many.
        if method == "psgd" { #expect(try seconds(workspace, folder, "elapsed") >= 20 * 4 * 0.02) }
      }
      #expect(try seconds(workspace, "alone", "communication") == 0)
    }

    @Test func aRunOnEmulatedCoresIsCutAndGoesOn() async throws {
      let workspace = try Workspace()
      let options = "\(Self.run) --emulate-network 1gbit,1ms --emulate-cores"
      let whole = try await workspace.run("\(options) --output whole", ranks: 2)
      try #require(whole.code == 0, "\(whole.testDescription)")
      let cut = try await workspace.run("\(options) --output cut --time-limit 0.001s", ranks: 2)
      try #require(cut.code == 75, "\(cut.testDescription)")
      let resumed = try await workspace.run("train --quiet --resume cut", ranks: 2)
      try #require(resumed.code == 0, "\(resumed.testDescription)")
      #expect(try workspace.convergence("cut").withoutTimings == workspace.convergence("whole").withoutTimings)
      // Ten averages of two messages each, after the cut as before it.
      #expect(try seconds(workspace, "cut", "wait") > 0)
    }

    @Test func theFirstSamplesAloneAreTrainedOn() async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("\(Self.run) --training-samples 100 --output run", ranks: 2)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.manifest("run", "problem")["training_samples"] == .number(100))
    }

    @Test(
      arguments: [
        ("--emulate-network nodes=4,1gbit,50us", "2 ranks"), ("--training-samples 601", "601"),
        ("advise --workers 4", "--network"),
      ])
    func whatTheRanksOrTheDataShowIsSaidOnce(options: String, word: String) async throws {
      let words = options.hasPrefix("advise") ? "\(options) \(Workspace.small)" : "\(Self.run) \(options) --output run"
      let outcome = try await Workspace().run(words, ranks: 2)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains(word), "\(outcome.testDescription)")
    }

    // MARK: Advice

    @Test(arguments: [1, 2, 3])
    func adviceNamesAnIntervalAndItsReason(ranks: Int) async throws {
      let workspace = try Workspace()
      let options = "advise \(Workspace.small) --epochs 50"
      let outcome = try await workspace.run(options, ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      for text in ["a step", "psgd", "I = 1 ", "I = 1024", "theory"] { #expect(outcome.output.contains(text)) }
      #expect(outcome.output.contains(ranks == 1 ? "start several" : "Take --"))
      #expect(try workspace.entries().isEmpty)
    }

    /// On a network that is slow beyond doubt the advice is to average seldom, and the times are the network's.
    @Test func aSlowNetworkWantsLongRounds() async throws {
      let outcome = try await Workspace().run(
        "advise \(Workspace.small) --steps 1000 --emulate-network 10mbit,10ms --emulate-cores --json --workers 4,1024",
        ranks: 2)
      let advice = try outcome.report()
      let recommended = try #require(advice["recommended_interval"]?.number)
      #expect(recommended >= 64)
      let prediction = try #require(advice["prediction"]?.object)
      #expect(try #require(prediction["gradient_averaging"]?.number) > 0.02)
      let rows = try #require(advice["extrapolation"]?.object?["rows"])
      guard case .list(let list) = rows else { return #expect(Bool(false), "\(rows)") }
      let seconds = list.compactMap { $0.object?["network_seconds"]?.number }
      #expect(seconds.count == 2 && seconds[0] < seconds[1])
    }
  }
}
