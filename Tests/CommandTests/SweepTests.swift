import Foundation
import Testing

extension BuiltProgram {
  /// `jobs/sweep`: many runs by one command.
  struct SweepTests {
    private static func start(_ arguments: [String], in workspace: Workspace) throws -> RunningCommand {
      let environment = Tools.environment.merging(
        ["PRSGD_MPI_BIN": try Tools.program(), "MPIRUN": try Tools.launcher()]) { $1 }
      return try RunningCommand(["\(SlurmTests.jobs)/sweep"] + arguments, in: workspace.path, environment: environment)
    }

    private static func common(_ steps: Int) -> [String] {
      ["--"] + "\(Workspace.small) --steps \(steps) --quiet".split(separator: " ").map(String.init)
    }

    @Test func aGridIsRunOnceAndDrawn() async throws {
      let workspace = try Workspace()
      let runs = ["--algorithm psgd", "--interval {4,16} --seed {1..2}"]
      let sweep = ["-n", "2", "-j", "2", "-o", "a sweep"] + runs
      let outcome = try await Self.start(sweep + Self.common(40), in: workspace).outcome()
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      let names = ["interval-16-seed-1", "interval-16-seed-2", "interval-4-seed-1", "interval-4-seed-2", "psgd"]
      #expect(try workspace.entries(of: "a sweep").filter { !$0.contains(".") } == names)
      #expect(try workspace.entries(of: "a sweep").contains("report.html"))
      for name in names { #expect(outcome.output.contains("finished  \(name)"), "\(outcome.testDescription)") }
      try await workspace.train("--steps 40 --interval 4 --seed 2", ranks: 2, into: "alone")
      #expect(try workspace.model("a sweep/interval-4-seed-2") == workspace.model("alone"))
      // Again, with a run more.
      let more = try await Self.start(sweep + ["--algorithm one-shot"] + Self.common(40), in: workspace).outcome()
      #expect(more.code == 0, "\(more.testDescription)")
      for name in names { #expect(more.output.contains("done      \(name)"), "\(more.testDescription)") }
      #expect(more.output.components(separatedBy: "starts  ").count == 2 && more.output.contains("finished  one-shot"))
    }

    /// Lines of a file; one that cannot be is said, and no other is lost for it.
    @Test func aRunThatFailsStopsNoOther() async throws {
      let workspace = try Workspace()
      try workspace.write(
        "# two runs\n--interval 4\n\n--interval four\n--learning-rate 1e30\n--seed 3".utf8, to: "lines")
      let outcome = try await Self.start(["-n", "1", "lines"] + Self.common(40), in: workspace).outcome()
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      for line in [
        "finished  interval-4", "FAILED    interval-four (code 64): Error: ", "diverged  learning-rate",
        "finished  seed-3",
      ] {
        #expect(outcome.output.contains(line), "\(outcome.testDescription)")
      }
      #expect(outcome.output.contains("report.html: 3 runs"), "\(outcome.testDescription)")
    }

    @Test func aSweepThatIsStoppedGoesOnToTheSameBits() async throws {
      let workspace = try Workspace()
      // Steps that take longer than averages: where ranks share cores with others, these wait.
      let long =
        "--dataset synthetic:training=600,test=100,features=12,classes=3 --hidden 64 --batch-size 100 --interval 100 --steps 30000 --evaluate-every 1000"
      let arguments = ["-n", "2", "--seed {1,2}", "--"] + long.split(separator: " ").map(String.init)
      let first = try Self.start(arguments, in: workspace)
      try await first.wait("the first run's rows") {
        (try? workspace.convergence("runs/sweep/seed-1"))?.rows.isEmpty == false || first.hasEnded
      }
      first.send(signal: SIGTERM)
      let stopped = try await first.outcome()
      #expect(stopped.code == 75 && stopped.errors.contains("the same command goes on"), "\(stopped.testDescription)")
      #expect(stopped.output.contains("stopped   seed-1"), "\(stopped.testDescription)")
      let second = try await Self.start(arguments, in: workspace).outcome()
      #expect(second.code == 0, "\(second.testDescription)")
      let whole = try await workspace.run("\(long) --quiet --seed 1 --output whole", ranks: 2)
      #expect(whole.code == 0, "\(whole.testDescription)")
      #expect(try workspace.model("runs/sweep/seed-1") == workspace.model("whole"))
    }

    @Test(
      arguments: [
        ([], 64, "sweep [-n RANKS]"), (["-x", "lines"], 64, "no option -x"), (["-j", "0", "--seed 1"], 64, "not '0'"),
        (["nowhere"], 74, "cannot read nowhere"), (["--seed 1", "--seed  1"], 65, "two runs have the name seed-1"),
        (["-o"], 64, "-o wants a value"),
      ] as [([String], Int32, String)])
    func whatIsWrongIsSaid(arguments: [String], code: Int32, words: String) async throws {
      let workspace = try Workspace()
      let outcome = try await Self.start(arguments, in: workspace).outcome()
      #expect(outcome.code == code && outcome.errors.contains(words), "\(outcome.testDescription)")
    }
  }
}
