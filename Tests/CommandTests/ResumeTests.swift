import Foundation
import Testing

extension BuiltProgram {
  /// A run that was stopped goes on to where it would have gone.
  struct ResumeTests {
    static let methods = [
      "", "--algorithm psgd --optimizer adamw", "--order step-first --no-shared-memory --cosine --interval 5",
      "--algorithm cocod --partition label-skew:0.3", "--algorithm diloco --interval 8 --batch-size 8",
      "--algorithm compressed:codec=topk", "--algorithm d-psgd", "--algorithm fedavg:fraction=0.5",
      "--algorithm one-shot", "--algorithm scaffold", "--log-gradient-norm --model logreg",
    ]

    /// As if the run had been killed after its last checkpoint.
    static func forgetTheEnd(of run: String, in workspace: Workspace) throws {
      let text = String(decoding: try workspace.bytes(of: "\(run)/run.json"), as: UTF8.self)
      let lines = text.split(separator: "\n").filter { !$0.contains("\"ended\"") }
      try workspace.write(lines.joined(separator: "\n").utf8, to: "\(run)/run.json")
      try FileManager.default.removeItem(atPath: "\(workspace.path)/\(run)/model.safetensors")
    }

    private func expectSame(_ runs: [String], in workspace: Workspace) throws {
      for run in runs.dropFirst() {
        #expect(try workspace.model(run) == workspace.model(runs[0]))
        #expect(try workspace.convergence(run).withoutTimings == workspace.convergence(runs[0]).withoutTimings)
        #expect(try workspace.workers(run).withoutTimings == workspace.workers(runs[0]).withoutTimings)
      }
    }

    @Test(arguments: methods, [nil, 3])
    func aRunGoesOnToTheSameBits(method: String, ranks: Int?) async throws {
      let workspace = try Workspace()
      let options = "--steps 60 --evaluate-every 7 \(method)"
      try await workspace.train("\(options) --checkpoint-every never", ranks: ranks, into: "whole")
      #expect(try !workspace.entries(of: "whole").contains("checkpoints"))
      try await workspace.train("\(options) --checkpoint-every 23", ranks: ranks, into: "cut")
      try expectSame(["whole", "cut"], in: workspace)
      try Self.forgetTheEnd(of: "cut", in: workspace)
      let outcome = try await workspace.run("train --quiet --checkpoint-every 23 --resume cut", ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      try expectSame(["whole", "cut"], in: workspace)
    }

    enum Signal: CaseIterable { case toAll, toOne }

    @Test(arguments: [SIGUSR1, SIGTERM, SIGINT], [nil, 3])
    func aSignalSavesAndStops(signal: Int32, ranks: Int?) async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 1000 --output run"
      let command = try workspace.start(options, ranks: ranks)
      try await command.wait("training to begin") { InterruptionTests.rows(workspace) > 3 }
      if ranks == nil {
        command.send(signal: signal)
      } else {
        let all = RunningProcess.descendants(of: command.processIdentifier).sorted()
          .filter { RunningProcess.program(of: $0)?.hasSuffix("prsgd-mpi") == true }
        kill(try #require(all.last), signal)
      }
      let outcome = try await command.outcome()
      #expect(outcome.code == 75, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains("prsgd-mpi train --resume run"))
      let step = try #require(try workspace.entries(of: "run/checkpoints").last)
      let ended = String(decoding: try workspace.bytes(of: "run/run.json"), as: UTF8.self)
      #expect(ended.contains("\"ended\" : \"stopped by"))
      // A run that is stopped again at once has gone on from there.
      let again = try await workspace.run("train --time-limit 0.001s --resume run", ranks: ranks)
      #expect(again.code == 75, "\(again.testDescription)")
      #expect(again.output.contains("going on from the checkpoint at step"))
      #expect(try workspace.entries(of: "run/checkpoints").contains(step))
    }

    @Test func aSecondSignalEndsAtOnce() async throws {
      let workspace = try Workspace()
      let command = try workspace.start(
        "\(Workspace.small) --quiet --steps 1000000000 --evaluate-every 1000 --output run")
      try await command.wait("training to begin") { InterruptionTests.rows(workspace) > 3 }
      command.send(signal: SIGTERM)
      command.send(signal: SIGINT)
      let outcome = try await command.outcome()
      #expect(outcome.code == 128 + SIGINT, "\(outcome.testDescription)")
    }

    @Test func aTimeLimitStopsARunAndTheSameCommandGoesOn() async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --steps 40 --interval 3 --evaluate-every 9 --quiet"
      try await workspace.train("--steps 40 --interval 3 --evaluate-every 9", ranks: 2, into: "whole")
      var codes: [Int32] = []
      repeat {
        codes.append(
          try await workspace.run("\(options) --output run --resume --time-limit 0.000001s", ranks: 2).code)
      } while codes.last == 75 && codes.count <= 40  // A part takes a step at least.
      #expect(codes.count > 3 && codes.last == 0, "\(codes)")
      try expectSame(["whole", "run"], in: workspace)
      let finished = try await workspace.run("\(options) --output run --resume", ranks: 2)
      #expect(finished.code == 0 && finished.output.contains("run is finished"), "\(finished.testDescription)")
    }

    @Test func whatBitsDependOnMustBeTheSame() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 60 --checkpoint-every 20", ranks: 2, into: "run")
      try Self.forgetTheEnd(of: "run", in: workspace)
      let cases: [(String, Int, [String])] = [
        ("--interval 3", 2, ["--interval: 8 then, 3 now", "--resume-anyway"]),
        ("--no-shared-memory --seed 2", 2, ["--seed: 1 then, 2 now", "--shared-memory: true then, false now"]),
        ("", 3, ["2 ranks", "3"]),
        ("--hidden 17 --resume-anyway", 2, ["another model or method"]),
        ("--output other", 2, ["--output", "other"]),
        ("--config run/run.json", 2, ["--config"]),
        ("--overwrite", 2, ["--overwrite"]),
      ]
      for (options, ranks, words) in cases {
        let outcome = try await workspace.run("train --quiet --resume run \(options)", ranks: ranks)
        #expect(outcome.code == 64, "\(outcome.testDescription)")
        for word in words { #expect(outcome.errors.contains(word), "\(outcome.testDescription)") }
      }
      let anyway = try await workspace.run("train --quiet --resume run --interval 3 --resume-anyway", ranks: 2)
      #expect(anyway.code == 0, "\(anyway.testDescription)")
    }

    static let resharded = [
      "", "--optimizer adamw", "--algorithm slowmo", "--algorithm pr-sgd-het --interval 2,7",
      "--algorithm easgd", "--algorithm d-psgd --no-shared-memory", "--algorithm ad-psgd",
    ]

    @Test(arguments: resharded, [1, 3])
    func anotherNumberOfRanksGoesOnFromTheMean(method: String, ranks: Int) async throws {
      let workspace = try Workspace()
      try await workspace.train(
        "--epochs 6 --evaluate-every 4 --checkpoint-every 100 --batch-size 8 \(method)", ranks: 2, into: "run")
      try Self.forgetTheEnd(of: "run", in: workspace)
      let interval =
        method.contains("--interval") ? " --interval \(Array(repeating: "3", count: ranks).joined(separator: ","))" : ""
      let outcome = try await workspace.run("train --quiet --resume run --reshard\(interval)", ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.errors.contains("where there were 2"), "\(outcome.testDescription)")
      let log = try workspace.convergence("run")
      let samples = try log[column: "samples"].compactMap(Int.init)
      let losses = try log[column: "test_loss"].compactMap(Double.init)
      // The first evaluation of other ranks is of the model that the checkpoint found.
      let place = try #require(samples.indices.dropLast().first { samples[$0 + 1] - samples[$0] < 8 * ranks })
      #expect(abs(losses[place] - losses[place + 1]) < 1e-5, "\(zip(samples, losses).map { $0 })")
      #expect(try #require(log[column: "epoch"].last.flatMap(Double.init)) >= 6)
      #expect(samples == samples.sorted())
    }

    @Test func aDamagedCheckpointGivesWayToTheOneBefore() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 60", ranks: 2, into: "whole")
      try await workspace.train("--steps 60 --checkpoint-every 20", ranks: 2, into: "run")
      let names = try workspace.entries(of: "run/checkpoints")
      try #require(names.count == 2)
      for (index, name) in names.reversed().enumerated() {
        try Self.forgetTheEnd(of: "run", in: workspace)
        let path = "run/checkpoints/\(name)/rank-0001"
        try workspace.write(try workspace.bytes(of: path).dropLast(3), to: path)
        let outcome = try await workspace.run("train --quiet --checkpoint-every never --resume run", ranks: 2)
        #expect(outcome.code == (index == 0 ? 0 : 65), "\(outcome.testDescription)")
        #expect(outcome.errors.contains(path), "\(outcome.testDescription)")
        if index == 0 { try expectSame(["whole", "run"], in: workspace) }
      }
    }

    @Test func aRunWithoutACheckpointBegins() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 20", ranks: 2, into: "run")
      let before = try workspace.model("run")
      try Self.forgetTheEnd(of: "run", in: workspace)
      let outcome = try await workspace.run("train --resume run", ranks: 2)
      #expect(outcome.code == 0 && outcome.output.contains("no checkpoint"), "\(outcome.testDescription)")
      #expect(try workspace.model("run") == before)
    }

    @Test(arguments: [
      ("--checkpoint-every 0", "--checkpoint-every"), ("--checkpoint-every -5m", "--checkpoint-every"),
      ("--checkpoint-every 5x", "--checkpoint-every"), ("--time-limit 55", "--time-limit"),
      ("--resume", "--output"), ("--resume nowhere", "nowhere/run.json"),
    ])
    func wrongOptionsAreNamed(options: String, word: String) async throws {
      let outcome = try await Workspace().run("train \(options)")
      #expect(outcome.code == (options == "--resume nowhere" ? 74 : 64), "\(outcome.testDescription)")
      #expect(outcome.errors.contains(word), "\(outcome.testDescription)")
    }
  }
}
