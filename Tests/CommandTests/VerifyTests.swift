import Foundation
import Testing

extension BuiltProgram {
  /// `prsgd-mpi verify`: it passes here, and fails where something is wrong.
  struct VerifyTests {
    /// Each line of the table: whether it passed, and what it says.
    private static func findings(_ outcome: Outcome) -> [(passed: Bool, text: String)] {
      outcome.output.split(separator: "\n").compactMap { line in
        line.hasPrefix("pass  ") ? (true, String(line)) : line.hasPrefix("FAIL  ") ? (false, String(line)) : nil
      }
    }

    /// The checks that failed, which the program also names as it ends.
    private static func failures(_ outcome: Outcome) -> [String] {
      let failed = findings(outcome).filter { !$0.passed }.map(\.text)
      #expect(outcome.code == 70, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && !outcome.output.contains("checks passed"), "\(outcome.testDescription)")
      #expect(outcome.errors.contains("\(failed.count) of \(findings(outcome).count) checks failed"))
      return failed
    }

    /// With wrong answers on one rank of two.
    private static func damaged(_ what: String) async throws -> Outcome {
      let library = (try Tools.program() as NSString).deletingLastPathComponent + "/libDamagedAnswer.so"
      return try await Workspace().run(
        "verify", ranks: 2, variables: ["LD_PRELOAD": library, "DAMAGE": what, "DAMAGE_RANK": "1"])
    }

    @Test(arguments: [nil, 1, 2, 3, 5, 8])
    func everythingPasses(ranks: Int?) async throws {
      let outcome = try await Workspace().run("verify \(Workspace.small)", ranks: ranks)
      let findings = Self.findings(outcome)
      #expect(outcome.code == 0 && findings.allSatisfy(\.passed), "\(outcome.testDescription)")
      #expect(outcome.output.hasSuffix("s\n") && outcome.output.contains("all \(findings.count) checks passed in "))
      #expect(outcome.complaints.isEmpty)
      #expect(outcome.output.contains("a message within a node") == (ranks ?? 1 > 1))
    }

    @Test func asJSONItSaysTheSame() async throws {
      let (table, json) = (
        try await Workspace().run("verify"), try await Workspace().run("verify --json")
      )
      let checks = try #require(
        JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]], "\(json.testDescription)")
      #expect(checks.count == Self.findings(table).count && json.output.split(separator: "\n").count == 1)
      for check in checks {
        #expect(check["passed"] as? Bool == true)
        #expect(table.output.contains(check["check"] as? String ?? "-"))
      }
    }

    @Test func aWrongProductOfBLASIsFound() async throws {
      let failed = Self.failures(try await Self.damaged("sgemm"))
      #expect(failed.count >= 2 && failed.contains { $0.contains("dense products by OpenBLAS") })
      #expect(failed.contains { $0.contains("convolutions by OpenBLAS") })
      #expect(!failed.contains { $0.contains("by dots") || $0.contains("by winograd") })
    }

    @Test func aSampleThatArrivesDamagedIsFound() async throws {
      let failed = Self.failures(try await Self.damaged("broadcast"))
      #expect(failed.count == 1 && failed[0].contains("the shards together are the data"), "\(failed)")
    }

    @Test func aMessageThatArrivesDamagedIsFound() async throws {
      let failed = Self.failures(try await Self.damaged("message"))
      #expect(failed.count == 1 && failed[0].contains("a message within a node"), "\(failed)")
    }

    /// Ranks with options, and so with data, of their own.
    @Test func ranksThatDifferInTheirOptionsAreNamed() async throws {
      let part = { (ranks: Int, seed: Int) in
        ["-np", "\(ranks)", try Tools.program(), "verify", "--seed", "\(seed)"]
      }
      let command = try [Tools.launcher()] + part(1, 1) + [":"] + part(2, 2)
      let workspace = try Workspace()
      let outcome = try await RunningCommand(command, in: workspace.path, environment: Tools.environment).outcome()
      let failed = Self.failures(outcome)
      #expect(failed.contains { $0.contains("options") && $0.contains("ranks 1, 2: verify --seed 2") }, "\(failed)")
      #expect(failed.contains { $0.contains("the shards together are the data") }, "\(failed)")
    }

    @Test func dataThatIsNotThereIsSaidOnce() async throws {
      let outcome = try await Workspace().run("verify --dataset csv:nowhere.csv", ranks: 2)
      #expect(outcome.code == 74 && outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.errors.contains("nowhere.csv"))
    }
  }
}
