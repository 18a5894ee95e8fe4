import Foundation
import Testing

extension BuiltProgram {
  struct InterruptionTests {
    /// Whom the signal goes to.
    enum Target: CaseIterable {
      case launcher, firstRank, lastRank
    }

    /// Rows of the log so far, which may be about to be made.
    static func rows(_ workspace: Workspace) -> Int {
      ((try? workspace.bytes(of: "run/convergence.csv")) ?? Data()).count { $0 == UInt8(ascii: "\n") } - 1
    }

    @Test(arguments: [SIGKILL, SIGINT, SIGTERM], Target.allCases)
    func noRankOutlivesASignal(signal: Int32, target: Target) async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 100 --output run"
      let command = try workspace.start(options, ranks: 3)
      try await command.wait("training to begin") { Self.rows(workspace) > 3 }
      let ranks = RunningProcess.descendants(of: command.processIdentifier).sorted()
        .filter { RunningProcess.program(of: $0)?.hasSuffix("prsgd-mpi") == true }
      defer { for rank in ranks where RunningProcess.program(of: rank) != nil { kill(rank, SIGKILL) } }
      try #require(ranks.count == 3)
      switch target {
      case .launcher: command.send(signal: signal)
      case .firstRank: kill(ranks[0], signal)
      case .lastRank: kill(ranks[2], signal)
      }
      let outcome = try await command.outcome()
      #expect(outcome.code != 0, "\(outcome.testDescription)")
      try await command.wait("ranks \(ranks) to end") { ranks.allSatisfy { RunningProcess.program(of: $0) == nil } }
      // Rows are whole, but for one that was being written.
      let log = String(decoding: try workspace.bytes(of: "run/convergence.csv"), as: UTF8.self)
      #expect(try Table(String(log[...(try #require(log.lastIndex(of: "\n")))])).rows.count > 3)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func oneProcessAloneEndsToo(signal: Int32) async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 100 --output run"
      let command = try workspace.start(options)
      try await command.wait("training to begin") { Self.rows(workspace) > 3 }
      command.send(signal: signal)
      #expect(try await command.outcome().code != 0)
    }
  }
}
