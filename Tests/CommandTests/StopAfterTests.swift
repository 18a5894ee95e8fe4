import Testing

extension BuiltProgram {
  /// `--stop-after`: a run that makes no progress ends early.
  struct StopAfterTests {
    /// At this rate no prediction ever changes.
    static let still = "--learning-rate 1e-9 --evaluate-every 5 --steps 100000"

    @Test(arguments: [nil, 1, 3])
    func aRunWithoutProgressEnds(ranks: Int?) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run(
        "\(Workspace.small) \(Self.still) --stop-after 2 --output run", ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.output.contains("ended early: 2 evaluations without a better one"), "\(outcome.testDescription)")
      #expect(try workspace.convergence("run")[column: "step"] == ["0", "5", "10"])
      // It is the run that was to have as many steps.
      let short = Self.still.replacingOccurrences(of: "100000", with: "10")
      let plain = try await workspace.run("\(Workspace.small) \(short) --output plain", ranks: ranks)
      #expect(plain.code == 0 && !plain.output.contains("ended early"), "\(plain.testDescription)")
      #expect(try workspace.model("run") == workspace.model("plain"))
      #expect(try workspace.entries(of: "run") == workspace.entries(of: "plain"))
      let again = try await workspace.run("--resume run", ranks: ranks)
      #expect(again.code == 0 && again.output.contains("is finished"), "\(again.testDescription)")
    }

    @Test func aRunThatBecomesBetterGoesOn() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 60 --evaluate-every 20 --stop-after 3", into: "run")
      #expect(try workspace.convergence("run")[column: "step"] == ["0", "20", "40", "60"])
    }

    /// What was seen before counts on.
    @Test func aRunThatIsCutEndsWhereAWholeOneDoes() async throws {
      let workspace = try Workspace()
      let options =
        "\(Workspace.small) --learning-rate 1e-9 --evaluate-every 30000 --steps 10000000 --stop-after 4 --quiet"
      let whole = try await workspace.run("\(options) --output whole", ranks: 2)
      try #require(whole.code == 0, "\(whole.testDescription)")
      // However slow the machine is, a part is in the end long enough.
      var seconds = 0.001
      while true {
        let part = try await workspace.run("\(options) --output run --resume --time-limit \(seconds)s", ranks: 2)
        if part.code == 0 { break }
        try #require(part.code == 75, "\(part.testDescription)")
        seconds *= 2
      }
      #expect(seconds > 0.001)
      #expect(try workspace.convergence("run").withoutTimings == workspace.convergence("whole").withoutTimings)
      #expect(try workspace.model("run") == workspace.model("whole"))
    }
  }
}
