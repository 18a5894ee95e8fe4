import Foundation
import Testing

/// Whether a process may have a file system of its own.
private func canMount() async throws -> Bool {
  let command = "/usr/bin/unshare --mount /bin/mount -t tmpfs -o size=64k none /mnt"
  let words = command.split(separator: " ").map(String.init)
  return try await RunningCommand(words, in: "/", environment: [:]).outcome().code == 0
}

extension BuiltProgram {
  /// What the system refuses, and what no run can be made of: said, with an agreed code, and nothing traps.
  struct FaultTests {
    /// Runs a line of the shell, in which "$0" is the program, in a workspace.
    private func shell(_ line: String, in workspace: Workspace) async throws -> Outcome {
      let command = ["/bin/bash", "-c", line, try Tools.program()]
      return try await RunningCommand(command, in: workspace.path, environment: Tools.environment).outcome()
    }

    @Test(arguments: ["/dev/full", ">(exec 0<&-)"])
    func outputThatCannotBeWrittenIsSaid(target: String) async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 5", into: "run")
      let data = EvaluateTests.dataset
      for command in [
        "train \(Workspace.small) --steps 5 --output another",
        "evaluate \(data) --json --model-file run/model.safetensors",
        "bench --steps 3 --samples 100 --json", "algorithms",
      ] {
        // A reader that is gone may still have been there for a first line.
        let late = target == "/dev/full" ? "" : "sleep 0.3; "
        let outcome = try await shell("exec > \(target); \(late)\"$0\" \(command)", in: workspace)
        #expect(outcome.code == 74, "\(outcome.testDescription)")
        #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains("standard output"))
      }
      // What was computed is there.
      #expect(try workspace.entries(of: "another") == Workspace.runFiles)
    }

    @Test func aFileThatMayNotGrowIsAnError() async throws {
      let workspace = try Workspace()
      // Large enough for what MPI writes.
      let outcome = try await shell(
        "ulimit -f 40000; \"$0\" \(Workspace.small) --hidden 4000,3000 --steps 2 --quiet --output run", in: workspace)
      #expect(outcome.code == 74, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains("run/model.safetensors"))
      #expect(try workspace.entries(of: "run") == ["convergence.csv", "run.json", "workers.csv"])
      let manifest = String(decoding: try workspace.bytes(of: "run/run.json"), as: UTF8.self)
      #expect(manifest.contains("\"ended\" : \"cannot write"))
    }

    /// A run in a file system of its own, that the rest of the machine does not see.
    private func run(mounting options: String, _ command: String, in workspace: Workspace) async throws -> Outcome {
      let line = "mkdir small && mount -t tmpfs -o \(options) none small && \"$0\" \(Workspace.small) \(command)"
      let words = ["/usr/bin/unshare", "--mount", "/bin/bash", "-c", line, try Tools.program()]
      return try await RunningCommand(words, in: workspace.path, environment: Tools.environment).outcome()
    }

    @Test(.enabled("root may mount") { try await canMount() }, arguments: ["--checkpoint-every 5 --quiet", "--quiet"])
    func aFullFileSystemIsSaid(options: String) async throws {
      let outcome = try await run(
        mounting: "size=1m",
        "--hidden 4000,300 --steps 20 --output small/run \(options); ls small/run small/run/checkpoints >&2",
        in: try Workspace())
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.complaints.first?.contains("No space left on device") == true, "\(outcome.testDescription)")
      #expect(!outcome.errors.contains(".partial\n"), "\(outcome.testDescription)")
    }

    @Test(.enabled("root may mount") { try await canMount() })
    func aReadOnlyFileSystemIsSaid() async throws {
      let outcome = try await run(mounting: "ro", "--steps 5 --quiet --output small/run", in: try Workspace())
      #expect(outcome.code == 74, "\(outcome.testDescription)")
      #expect(
        outcome.complaints.count == 1 && outcome.complaints[0].contains("small/run"), "\(outcome.testDescription)")
    }

    @Test(arguments: ["--hidden 100000,100000", "--hidden 60000,60000 --dry-run"], [nil, 2])
    func memoryThatCannotBeHadIsSaid(options: String, ranks: Int?) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("\(Workspace.small) \(options) --steps 2 --output run", ranks: ranks)
      #expect(outcome.code == 70, "\(outcome.testDescription)")
      #expect(outcome.complaints.contains { $0.contains("memory") || $0.contains("GB") }, "\(outcome.testDescription)")
    }

    /// Before the memory is taken: what a job may have is less than what the machine has.
    @Test(
      arguments: [
        ("libsvm:rows", "features in rows"), ("synthetic:training=1500000,features=1000,classes=2", "1500000 samples"),
      ], [nil, 2])
    func dataThatMemoryDoesNotHoldAreRefused(data: (name: String, words: String), ranks: Int?) async throws {
      let workspace = try Workspace()
      let rows = (1...50_000).map { "\($0 % 2) \($0):1 100000000:1\n" }.joined()
      try workspace.write(rows.utf8, to: "rows")
      let launcher = try ranks.map { "'\(try Tools.launcher())' -np \($0)" } ?? ""
      let outcome = try await shell(
        "ulimit -v 5000000; \(launcher) \"$0\" --dataset \(data.name) --steps 2 --output run", in: workspace)
      #expect(outcome.code == 70, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      for word in [data.words, "GB of memory"] { #expect(outcome.errors.contains(word), "\(outcome.testDescription)") }
      #expect(try !workspace.entries().contains("run"))
    }

    /// A network whose numbers are not finite knows nothing.
    @Test func aModelThatIsNotFiniteIsNeverRight() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 5 --model logreg", into: "run")
      var model = try workspace.model("run")
      let start = 8 + model.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      for place in stride(from: start, to: model.count, by: 4) {
        model.replaceSubrange(place..<place + 4, with: [0, 0, 0xC0, 0x7F])
      }
      try workspace.write(model, to: "run/model.safetensors")
      let outcome = try await workspace.run(
        "evaluate \(EvaluateTests.dataset) --model-file run/model.safetensors", ranks: 2)
      #expect(outcome.code == 20, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains("run/model.safetensors"))
    }

    static let configurations = [
      (#"{"options":{"steps":{"a":1}}}"#, Int32(65), "steps"), (#"{"options":{"steps":null}}"#, 65, "steps"),
      (#"{"options":[1]}"#, 65, "object"), (#"[]"#, 65, "object"), (#"{"options""#, 65, "JSON"), ("", 65, "JSON"),
      (#"{"steps":3}"#, 65, "options"), (#"{"options":{"output":"x"}}"#, 65, "output"),
      (#"{"options":{"overwrite":true}}"#, 65, "overwrite"), (#"{"options":{"config":"x"}}"#, 65, "config"),
      (#"{"options":{"bogus":3}}"#, 64, "bogus"), (#"{"options":{"steps":"many"}}"#, 64, "many"),
    ]

    @Test(arguments: configurations)
    func whatIsWrongWithAConfigurationIsSaid(text: String, code: Int32, word: String) async throws {
      let workspace = try Workspace()
      try workspace.write(text.utf8, to: "c.json")
      let outcome = try await workspace.run("--config c.json")
      #expect(outcome.code == code, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains(word), "\(outcome.testDescription)")
      #expect(!outcome.errors.contains("DecodingError"))
      #expect(try workspace.entries() == ["c.json"])
    }

    /// The options of one method are no obstacle to another.
    @Test func aConfigurationServesAnotherMethod() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 5 --interval 3 --order step-first", into: "run")
      for algorithm in ["psgd", "slowmo", "one-shot"] {
        let outcome = try await workspace.run(
          "--config run/run.json --quiet --algorithm \(algorithm) --output \(algorithm)", ranks: 2)
        #expect(outcome.code == 0, "\(outcome.testDescription)")
      }
      #expect(try workspace.manifest("slowmo", "options")["interval"] == .number(3))
    }

    @Test(arguments: [1, 2])
    func anArgumentThatIsNoTextIsRefused(ranks: Int) async throws {
      let workspace = try Workspace()
      let launcher = ranks > 1 ? "'\(try Tools.launcher())' -np \(ranks)" : ""
      let outcome = try await shell("\(launcher) \"$0\" --output $'x\\xff'", in: workspace)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains("UTF-8"), "\(outcome.testDescription)")
      #expect(try workspace.entries().isEmpty)
    }

    static let tables: [([UInt8], String)] = [
      (Array("a,b\r1,0\r2,1\r".utf8), "carriage return"), ([0xFF, 0xFE] + Array("a,b".utf8), "UTF-16"),
      ([0xFE, 0xFF, 0, 0x61], "UTF-16"),
    ]

    @Test(arguments: tables)
    func textOfAnotherKindIsNamed(bytes: [UInt8], word: String) async throws {
      let workspace = try Workspace()
      try workspace.write(bytes, to: "table")
      let outcome = try await workspace.run("--dataset csv:table --steps 1", ranks: 2)
      #expect(outcome.code == 65, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains("table:1: "))
      #expect(outcome.errors.contains(word), "\(outcome.testDescription)")
    }
  }
}
