import Foundation
import Testing

extension BuiltProgram {
  /// A rank that is stopped is noticed and named, whichever it is; the run goes on with it, or ends.
  struct StallTests {
    private func start(_ workspace: Workspace, _ options: String) async throws -> (RunningCommand, [pid_t]) {
      let command = try workspace.start(
        "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 1000 --checkpoint-every 500 --output run \(options)",
        ranks: 3)
      try await command.wait("training to begin") { InterruptionTests.rows(workspace) > 3 }
      let ranks = RunningProcess.descendants(of: command.processIdentifier).sorted()
        .filter { RunningProcess.program(of: $0)?.hasSuffix("prsgd-mpi") == true }
      try #require(ranks.count == 3)
      return (command, ranks)
    }

    @Test(arguments: [0, 2], ["", "--no-shared-memory"])
    func aRankThatStopsEndsTheJobWhereThatIsWanted(stopped: Int, options: String) async throws {
      let workspace = try Workspace()
      let (command, ranks) = try await start(workspace, "--stall-abort 6s \(options)")
      kill(ranks[stopped], SIGSTOP)
      let outcome = try await command.outcome()
      for rank in ranks where RunningProcess.program(of: rank) != nil { kill(rank, SIGKILL) }
      #expect(outcome.code == 74, "\(outcome.testDescription)")
      let last = outcome.complaints.filter { $0.contains("the job ends, as --stall-abort says") }
      #expect(last.count == 1, "\(outcome.testDescription)")
      // Ranks are numbered in the order in which they are started.
      #expect(last.first?.contains("rank \(stopped) (") == true && last.first?.contains("does not answer") == true)
      let resumed = try await workspace.run("train --quiet --resume run --time-limit 0.01s", ranks: 3)
      #expect(resumed.code == 75, "\(resumed.testDescription)")
    }

    @Test func aRunGoesOnWithARankThatGoesOn() async throws {
      let workspace = try Workspace()
      let (command, ranks) = try await start(workspace, "--stall-abort 40s")
      kill(ranks[1], SIGSTOP)
      try await command.wait("a warning that names the rank") { try command.errors().contains("rank 1 (") }
      kill(ranks[1], SIGCONT)
      try await command.wait("the run to go on") { try command.errors().contains("training goes on") }
      let rows = InterruptionTests.rows(workspace)
      try await command.wait("more rows") { InterruptionTests.rows(workspace) > rows }
    }
  }
}
