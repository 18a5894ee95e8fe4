import Foundation
import Testing

extension BuiltProgram {
  /// What is installed under the program's name, beside stand-ins for the variants that it picks from; and what a build
  /// says that the processor cannot run.
  struct VariantTests {
    /// A folder with the picker, and for each variant a script that says its name and arguments.
    private static func installation(_ variants: [String]) throws -> Workspace {
      let workspace = try Workspace()
      let picker = try (Tools.program() as NSString).deletingLastPathComponent + "/prsgd-mpi-variant"
      try FileManager.default.createDirectory(atPath: "\(workspace.path)/bin", withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: picker, toPath: "\(workspace.path)/bin/prsgd-mpi")
      for variant in variants {
        let script = "libexec/prsgd-mpi/\(variant)/prsgd-mpi"
        try workspace.write("#!/bin/sh\necho \(variant) \"$@\"\n".utf8, executable: script)
      }
      return workspace
    }

    /// - Parameter processor: of QEMU's; nil for that of this machine.
    private static func run(
      _ command: [String], on processor: String? = nil, in workspace: Workspace, variant: String? = nil
    ) async throws -> Outcome {
      let emulator = processor.map { ["/usr/bin/qemu-x86_64", "-cpu", $0] } ?? []
      let variables = variant.map { ["PRSGD_VARIANT": $0] } ?? [:]
      return try await RunningCommand(
        emulator + command, in: workspace.path, environment: Tools.environment.merging(variables) { $1 }
      ).outcome()
    }

    private static func pick(
      on processor: String? = nil, in workspace: Workspace, variant: String? = nil
    ) async throws -> Outcome {
      try await run(
        ["\(workspace.path)/bin/prsgd-mpi", "train", "a b"], on: processor, in: workspace, variant: variant)
    }

    @Test func theNamedVariantIsStartedWithAllArguments() async throws {
      let workspace = try Self.installation(["x86-64-v3", "x86-64-v4", "native"])
      for variant in ["x86-64-v3", "x86-64-v4", "native"] {
        let outcome = try await Self.pick(in: workspace, variant: variant)
        #expect(outcome.code == 0)
        #expect(outcome.output == "\(variant) train a b\n", "\(outcome.testDescription)")
      }
    }

    @Test func theOnlyVariantIsStartedWhateverItsName() async throws {
      let workspace = try Self.installation(["native"])
      #expect(try await Self.pick(in: workspace).output == "native train a b\n")
    }

    @Test func aVariantThatIsNotInstalledIsRefusedByName() async throws {
      let workspace = try Self.installation(["x86-64-v3", "x86-64-v4"])
      let outcome = try await Self.pick(in: workspace, variant: "x86-64-v5")
      #expect(outcome.code == 64)
      for word in ["PRSGD_VARIANT=x86-64-v5", "x86-64-v3, x86-64-v4"] { #expect(outcome.errors.contains(word)) }
      #expect(outcome.complaints.count == 1)
    }

    @Test func withoutVariantsItSaysSo() async throws {
      let outcome = try await Self.pick(in: try Self.installation([]))
      #expect(outcome.code == 70)
      #expect(outcome.complaints.count == 1)
    }

    // MARK: On several ranks

    /// A copy of the program that says it is of another revision.
    private static func otherBuild(in workspace: Workspace) async throws -> String {
      let version = try await run([try Tools.program(), "--version"], in: workspace).output
      let revision = try #require(version.split(separator: "revision ").last?.prefix { $0 != ")" })
      var bytes = try Data(contentsOf: URL(fileURLWithPath: try Tools.program()))
      var isFound = false
      while let range = bytes.range(of: Data(revision.utf8)) {
        bytes.replaceSubrange(range, with: repeatElement(UInt8(ascii: "0"), count: range.count))
        isFound = true
      }
      #expect(isFound)
      try workspace.write(bytes, executable: "other")
      return "\(workspace.path)/other"
    }

    @Test func ranksThatRunDifferentBuildsSaySoOnce() async throws {
      let workspace = try Workspace()
      let (program, other) = (try Tools.program(), try await Self.otherBuild(in: workspace))
      let command =
        try [Tools.launcher(), "-np", "2", program, "train", ":", "-np", "1", other, "train"]
      let outcome = try await Self.run(command, in: workspace)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1)
      #expect(outcome.errors.contains("ranks run different builds"))
      #expect(try workspace.entries() == ["other"])
    }

    // MARK: On other processors

    private static let hasEmulator = FileManager.default.isExecutableFile(atPath: "/usr/bin/qemu-x86_64")
    private static let wantsEmulator: Comment = "qemu-x86_64 (Debian's qemu-user) is not installed"

    @Test(.enabled(if: hasEmulator, wantsEmulator), arguments: [("Nehalem", "x86-64-v2"), ("Haswell", "x86-64-v3")])
    func theBestVariantThatTheProcessorRunsIsPicked(processor: String, variant: String) async throws {
      let workspace = try Self.installation(["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "native"])
      let outcome = try await Self.pick(on: processor, in: workspace)
      #expect(outcome.output == "\(variant) train a b\n", "\(outcome.testDescription)")
    }

    @Test(.enabled(if: hasEmulator, wantsEmulator))
    func aProcessorThatRunsNoneIsToldWhatItLacks() async throws {
      let workspace = try Self.installation(["x86-64-v3", "x86-64-v4"])
      let outcome = try await Self.pick(on: "Nehalem", in: workspace)
      #expect(outcome.code == 70)
      #expect(outcome.complaints.count == 1)
      for word in ["avx2", "fma", "x86-64-v3, x86-64-v4"] { #expect(outcome.errors.contains(word)) }
      #expect(!outcome.errors.contains("avx512f"))
    }

    /// Every build here has vectors of 256 bits, which this processor has not.
    @Test(.enabled(if: hasEmulator, wantsEmulator))
    func aBuildThatTheProcessorCannotRunSaysSo() async throws {
      let workspace = try Workspace()
      for arguments in [["--version"], ["train", "--epochs", "1"]] {
        let outcome = try await Self.run([try Tools.program()] + arguments, on: "Nehalem", in: workspace)
        #expect(outcome.code == 70, "\(outcome.testDescription)")
        #expect(outcome.complaints.count == 1)
        for word in ["avx2", "PRSGD_MARCH"] { #expect(outcome.errors.contains(word)) }
      }
      #expect(try workspace.entries().isEmpty)
    }
  }
}
