import Foundation
import Testing

extension BuiltProgram {
  struct LauncherTests {
    /// What launchers tell the processes that they start, of which a program built for another MPI hears nothing else.
    static let environments = [
      ["PMI_RANK": "0", "PMI_SIZE": "2"], ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2"],
      ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"],
    ]

    @Test(arguments: environments, ["\(Workspace.small) --steps 5", "bench --steps 5 --samples 50"])
    func processesThatDoNotFindEachOtherAreRefused(environment: [String: String], command: String) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run(command, variables: environment)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.complaints.first?.contains("mpirun") == true, "\(outcome.testDescription)")
      #expect(outcome.output == "")
      #expect(try workspace.entries().isEmpty)
    }

    /// The first says it for all, whichever ends first.
    @Test func theOthersOfThemEndQuietly() async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run(
        "\(Workspace.small) --steps 5", variables: ["PMI_RANK": "1", "PMI_SIZE": "2"])
      #expect(outcome.code == 0 && outcome.output == "" && outcome.errors == "", "\(outcome.testDescription)")
      #expect(try workspace.entries().isEmpty)
    }

    @Test(
      .enabled(
        if: ProcessInfo.processInfo.activeProcessorCount >= 2, "one core cannot be shared where there is another"),
      arguments: [true, false])
    func ranksThatShareACoreAreNamed(sharing: Bool) async throws {
      let workspace = try Workspace()
      let binding = sharing ? ["taskset", "-c", "0"] : ["env"]
      let command =
        [try Tools.launcher(), "-np", "2"] + binding + [try Tools.program()]
        + "\(Workspace.small) --steps 5 --verbose --output run".split(separator: " ").map(String.init)
      let outcome = try await RunningCommand(command, in: workspace.path, environment: Tools.environment).outcome()
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.errors.contains("ranks 0-1 share core 0 of") == sharing, "\(outcome.testDescription)")
      #expect(outcome.output.contains("rank 1: ") && outcome.output.contains("core"), "\(outcome.testDescription)")
    }

    /// A batch script of Slurm has the number of tasks of its job, and a step of one task is none too many.
    @Test(
      arguments: [
        ["SLURM_NTASKS": "2", "SLURM_PROCID": "0"], ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"],
        ["PMI_RANK": "0", "PMI_SIZE": "1"],
      ])
    func oneProcessThatWasMeantToBeOneIsNot(environment: [String: String]) async throws {
      let outcome = try await Workspace().run("\(Workspace.small) --steps 5", variables: environment)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
    }
  }
}
