import Foundation
import Testing

extension BuiltProgram {
  struct OutputFolderTests {
    static let options = "\(Workspace.small) --quiet --steps 5 --output"

    @Test(arguments: [nil, 2])
    func aRunIsReplacedOnlyWhenTold(ranks: Int?) async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 5", into: "run")
      try workspace.write("mine".utf8, to: "run/notes.txt")
      let before = try Workspace.runFiles.map { try workspace.bytes(of: "run/\($0)") }

      let refused = try await workspace.run(Self.options, "run", "--seed", "2", ranks: ranks)
      #expect(refused.code == 64, "\(refused.testDescription)")
      #expect(refused.complaints.count == 1, "\(refused.testDescription)")
      for word in ["run", "--overwrite"] { #expect(refused.complaints.first?.contains(word) == true) }
      #expect(try Workspace.runFiles.map { try workspace.bytes(of: "run/\($0)") } == before)

      let replaced = try await workspace.run(Self.options, "run", "--seed", "2", "--overwrite", ranks: ranks)
      #expect(replaced.code == 0, "\(replaced.testDescription)")
      #expect(try workspace.entries(of: "run") == (Workspace.runFiles + ["notes.txt"]).sorted())
      #expect(try workspace.bytes(of: "run/notes.txt") == Data("mine".utf8))
      #expect(try workspace.manifest("run", "options")["seed"] == .number(2))
      #expect(try workspace.model("run") != before[1])
    }

    @Test(arguments: [nil, 2])
    func twoJobsDoNotShareAFolder(ranks: Int?) async throws {
      let workspace = try Workspace()
      let endless = "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 1000 --output run"
      let first = try workspace.start(endless, ranks: ranks)
      try await first.wait("training to begin") { InterruptionTests.rows(workspace) > 3 }
      for options in ["--overwrite", "--resume"] {
        let second = try await workspace.run("\(Self.options) run \(options)", ranks: ranks)
        #expect(second.code == 64, "\(second.testDescription)")
        #expect(second.complaints.count == 1 && second.complaints[0].contains("another job"))
        #expect(second.complaints.first?.contains("process ") == true, "\(second.testDescription)")
      }
      first.send(signal: SIGKILL)
      _ = try await first.outcome()
      try await first.wait("its ranks to end") {
        RunningProcess.descendants(of: first.processIdentifier).isEmpty
      }
      // Of a job that was killed nothing is left that locks.
      var code: Int32 = 64
      while code == 64 { code = try await workspace.run("\(Self.options) run --overwrite", ranks: ranks).code }
      #expect(code == 0)
      #expect(try workspace.entries(of: "run") == Workspace.runFiles)
    }

    @Test func aFolderWithoutARunIsUsed() async throws {
      let workspace = try Workspace()
      try workspace.write("mine".utf8, to: "run/notes.txt")
      try await workspace.train("--steps 5", into: "run")
      #expect(try workspace.entries(of: "run") == (Workspace.runFiles + ["notes.txt"]).sorted())
    }

    @Test(arguments: ["file", "file/run", "file/run/deeper"], [nil, 3])
    func aFileIsNoFolder(output: String, ranks: Int?) async throws {
      let workspace = try Workspace()
      try workspace.write("mine".utf8, to: "file")
      let outcome = try await workspace.run(Self.options, output, "--overwrite", ranks: ranks)
      #expect(outcome.code == 74, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.complaints.first?.contains("file") == true)
      #expect(try workspace.bytes(of: "file") == Data("mine".utf8))
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"), arguments: [nil, 3])
    func aReadOnlyFolderIsSaid(ranks: Int?) async throws {
      let workspace = try Workspace()
      let folder = "\(workspace.path)/locked"
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o555])
      let outcome = try await workspace.run(Self.options, "locked/run", ranks: ranks)
      #expect(outcome.code == 74, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.complaints.first?.contains("locked/run") == true)
    }

    /// As long as the rest of a path may be, in a folder whose own is known not to be longer than 300 bytes.
    private static let long = Array(repeating: String(repeating: "x", count: 250), count: 14).joined(separator: "/")

    @Test func aPathThatIsTooLongIsSaid() async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run(Self.options, Self.long + "/" + Self.long, ranks: 2)
      #expect(outcome.code == 74 && outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.complaints.first?.contains("File name too long") == true, "\(outcome.testDescription)")
    }

    @Test(
      arguments: [
        "a run with spaces", "Läufe/größte µ/日本語", "./x/../y", "trailing/", "quote'\"$HOME;&", "new\nline", long,
      ])
    func anyNameWorks(output: String) async throws {
      let workspaces = (try Workspace(), try Workspace())
      async let alone = workspaces.0.run(Self.options, output)
      async let together = workspaces.1.run(Self.options, output, ranks: 2)
      for outcome in try await [alone, together] { #expect(outcome.code == 0, "\(outcome.testDescription)") }
      #expect(try workspaces.0.entries(of: output) == Workspace.runFiles)
      #expect(try workspaces.1.entries(of: output) == Workspace.runFiles)
    }
  }
}
