import Foundation
import Testing

/// What a tool of Slurm's prints; nothing where there is none.
/// - Parameter program: what jobs run.
@discardableResult
private func outputOfTool(_ command: [String], program: String? = nil, in folder: String) async throws -> String {
  let environment = Tools.environment.merging(["PRSGD_MPI_BIN": try program ?? Tools.program()]) { $1 }
  return try await RunningCommand(["/usr/bin/env"] + command, in: folder, environment: environment).outcome().output
}

/// Whether Slurm runs here.
private func slurmIsUp() async throws -> Bool {
  let state = try await outputOfTool(["sinfo", "-h", "-o", "%T"], in: "/")
  return ["idle", "mixed", "allocated"].contains { state.contains($0) }
}

extension BuiltProgram {
  /// The job script where Slurm does not do as it should; Slurm's part is played by a script.
  struct JobScriptTests {
    /// Slurm's srun ends with 0 where it cannot start ranks: it does so twice, then starts one.
    private static let srun = """
      #!/bin/sh
      echo >>calls
      [ $(wc -l <calls) -ge 3 ] || exit 0
      while [ "${1#--}" != "$1" ]; do shift; done
      exec "$@"
      """

    @Test func ranksThatDoNotStartAreStartedAgain() async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --quiet --steps 100000"
      let cut = try await workspace.run("\(options) --time-limit 0.01s --output run")
      try #require(cut.code == 75, "\(cut.testDescription)")
      try workspace.write(Self.srun.utf8, executable: "srun")
      let variables = [
        "SLURM_JOB_ID": "7", "PRSGD_OUTPUT": "run", "PRSGD_LAUNCHER": "srun", "PRSGD_MPI_BIN": try Tools.program(),
        "PATH": "\(workspace.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
      ]
      let script = try RunningCommand(
        ["/bin/bash", "\(SlurmTests.jobs)/train.slurm"] + options.split(separator: " ").map(String.init),
        in: workspace.path,
        environment: Tools.environment.merging(variables) { $1 })
      let outcome = try await script.outcome()
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.output.contains("attempt 2 of 3"), "\(outcome.testDescription)")
      #expect(try workspace.convergence("run")[column: "step"].last == "100000", "\(outcome.testDescription)")
    }
  }
}

extension BuiltProgram {
  /// The job script under a Slurm that runs on this machine.
  @Suite(.enabled("Slurm runs here: sinfo and sbatch answer") { try await slurmIsUp() })
  struct SlurmTests {
    static let jobs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../jobs").standardizedFileURL.path

    /// The program; a job's first two attempts end early.
    private static func twiceCut(in workspace: Workspace) throws -> String {
      let script = """
        #!/bin/sh
        [ "${SLURM_RESTART_COUNT:-0}" -ge 2 ] || set -- "$@" --time-limit 0.05s
        exec '\(try Tools.program())' "$@"
        """
      try workspace.write(script.utf8, executable: "twice-cut")
      return workspace.path + "/twice-cut"
    }

    @Test(arguments: ["srun", "mpirun"])
    func aJobThatIsCutTwiceEndsInTheSameBits(launcher: String) async throws {
      let workspace = try Workspace()
      let options =
        "--dataset synthetic:training=600,test=100,features=12,classes=3 --hidden 64 --batch-size 100 --interval 100 "
        + "--steps 80000 --evaluate-every 20000"
      let whole = try await workspace.run("\(options) --quiet --output whole", ranks: 2)
      try #require(whole.code == 0, "\(whole.testDescription)")
      let command =
        ["sbatch", "--parsable", "--ntasks=2", "--overcommit", "--time=5", "--export=ALL,PRSGD_LAUNCHER=\(launcher)"]
        + ["\(Self.jobs)/train.slurm"] + options.split(separator: " ").map(String.init)
      let job = try await outputOfTool(command, program: Self.twiceCut(in: workspace), in: workspace.path)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      try #require(Int(job) != nil, "sbatch says the job's number: \(job)")
      try await waitForTheEnd(of: job, in: workspace)
      let log = String(decoding: try workspace.bytes(of: "prsgd-mpi-\(job).log"), as: UTF8.self)
      #expect(log.components(separatedBy: "is queued again").count == 3, "\(log)")
      #expect(log.contains("done: "), "\(log)")
      let run = "runs/slurm-\(job)"
      #expect(try workspace.model(run) == workspace.model("whole"))
      #expect(try workspace.convergence(run).withoutTimings == workspace.convergence("whole").withoutTimings)
    }

    @Test func aTaskOfASweepTrainsWithItsLineOfOptions() async throws {
      let workspace = try Workspace()
      try workspace.write("# two methods\n--algorithm psgd\n\n--algorithm pr-sgd --interval 4\n".utf8, to: "lines")
      let command =
        [
          "sbatch", "--parsable", "--ntasks=2", "--overcommit", "--time=5", "--array=0-2", "\(Self.jobs)/sweep.slurm",
          "lines",
        ]
        + "\(Workspace.small) --steps 40".split(separator: " ").map(String.init)
      let job = try await outputOfTool(command, in: workspace.path).trimmingCharacters(in: .whitespacesAndNewlines)
      try #require(Int(job) != nil, "sbatch says the job's number: \(job)")
      try await waitForTheEnd(of: job, in: workspace)
      #expect(try workspace.entries(of: "runs/sweep-\(job)") == ["pr-sgd-interval-4", "psgd"])
      for (name, options) in [("psgd", "--algorithm psgd"), ("pr-sgd-interval-4", "--interval 4")] {
        try await workspace.train("--steps 40 \(options)", ranks: 2, into: name)
        #expect(try workspace.model("runs/sweep-\(job)/\(name)") == workspace.model(name))
      }
      let log = String(decoding: try workspace.bytes(of: "prsgd-sweep-\(job)-2.log"), as: UTF8.self)
      #expect(log.contains("task 2 has no line: there are 2"), "\(log)")
    }

    /// Slurm lets a job that is queued again wait for two minutes; here it starts once its script has ended.
    private func waitForTheEnd(of job: String, in workspace: Workspace) async throws {
      let start = ContinuousClock.now
      // A job that is about to be queued again may seem to have failed, for a moment.
      var looksEnded = 0
      while ContinuousClock.now - start < RunningCommand.limit {
        try await Task.sleep(for: .milliseconds(500))
        let state = try await outputOfTool(["scontrol", "-o", "show", "job", job], in: workspace.path)
        let ended = ["JobState=COMPLETED", "JobState=FAILED"]
        let tasks = state.split(separator: "\n")
        if !tasks.isEmpty && tasks.allSatisfy({ task in ended.contains { task.contains($0) } }) {
          looksEnded += 1
          if looksEnded > 4 { return }
          continue
        }
        looksEnded = 0
        let script = String(format: "job%05d/slurm_script", Int(job) ?? 0)
        let isEnding = try await !outputOfTool(["pgrep", "-f", script], in: workspace.path).isEmpty
        guard state.contains("Reason=BeginTime"), !isEnding else { continue }
        try await Task.sleep(for: .seconds(2))
        try await outputOfTool(["scontrol", "update", "JobId=\(job)", "StartTime=now"], in: workspace.path)
      }
      try await outputOfTool(["scancel", job], in: workspace.path)
      Issue.record("job \(job) does not end")
    }
  }
}
