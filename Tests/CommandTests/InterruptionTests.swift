import Foundation
import Testing

extension BuiltProgram {
  struct InterruptionTests {
    /// Whom the signal goes to.
    enum Target: CaseIterable {
      case launcher, firstRank, lastRank
    }

    @Test(arguments: [SIGKILL, SIGINT, SIGTERM], Target.allCases)
    func noRankOutlivesASignal(signal: Int32, target: Target) async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 100 --output run"
      let command = try workspace.start(options, ranks: 3)
      try await command.wait("training to begin") { ((try? workspace.convergence("run"))?.rows.count ?? 0) > 3 }
      let ranks = RunningProcess.descendants(of: command.processIdentifier).sorted()
        .filter { RunningProcess.program(of: $0)?.hasSuffix("prsgd-mpi") == true }
      try #require(ranks.count == 3)
      switch target {
      case .launcher: command.send(signal: signal)
      case .firstRank: kill(ranks[0], signal)
      case .lastRank: kill(ranks[2], signal)
      }
      let outcome = try await command.outcome()
      #expect(outcome.code != 0, "\(outcome.testDescription)")
      try await command.wait("ranks \(ranks) to end") { ranks.allSatisfy { RunningProcess.program(of: $0) == nil } }
      // The rows up to there are whole.
      #expect(try workspace.convergence("run").rows.count > 3)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func oneProcessAloneEndsToo(signal: Int32) async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 100 --output run"
      let command = try workspace.start(options)
      try await command.wait("training to begin") { ((try? workspace.convergence("run"))?.rows.count ?? 0) > 3 }
      command.send(signal: signal)
      #expect(try await command.outcome().code != 0)
    }
  }
}
