import Foundation
import Testing

extension BuiltProgram {
  struct RecordTests {
    static let convergenceHeader = [
      "step", "round", "epoch", "samples", "learning_rate", "interval", "train_loss", "train_accuracy", "test_loss",
      "test_accuracy", "consensus_distance", "consensus_bound", "bytes_sent", "elapsed_seconds", "compute_seconds",
      "communication_seconds", "wait_seconds",
    ]
    static let workersHeader = [
      "step", "rank", "local_steps", "samples", "compute_seconds", "communication_seconds", "wait_seconds",
      "local_loss",
    ]

    @Test func withoutFileAndOptionItTrains() async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("")
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.entries() == ["runs"])
      let runs = try workspace.entries(of: "runs")
      let run = "runs/\(try #require(runs.first))"
      #expect(runs.count == 1)
      #expect(try workspace.entries(of: run) == Workspace.runFiles)
      #expect(outcome.output.contains(run))

      let table = try workspace.convergence(run)
      #expect(table.header == Self.convergenceHeader)
      let steps = try #require(workspace.manifest(run, "problem")["steps"]?.number)
      #expect(try table[column: "step"].first == "0")
      #expect(try table[column: "step"].last == "\(Int(steps))")
      let accuracies = try table[column: "test_accuracy"].map { try #require(Double($0)) }
      #expect(try #require(accuracies.last) > 0.8)
    }

    @Test(arguments: [nil, 2])
    func runsStartedTogetherGetFoldersOfTheirOwn(ranks: Int?) async throws {
      let workspace = try Workspace()
      let commands = try (0..<3).map { _ in try workspace.start("\(Workspace.small) --steps 5", ranks: ranks) }
      for command in commands {
        let outcome = try await command.outcome()
        #expect(outcome.code == 0, "\(outcome.testDescription)")
      }
      let runs = try workspace.entries(of: "runs")
      #expect(runs.count == commands.count)
      for run in runs { #expect(try workspace.entries(of: "runs/\(run)") == Workspace.runFiles) }
    }

    @Test(arguments: [1, 2, 3])
    func rowsTellWhatTheOptionsSay(ranks: Int) async throws {
      let workspace = try Workspace()
      try await workspace.train(
        "--steps 23 --evaluate-every 10 --interval 4 --batch-size 8 --momentum 0", ranks: ranks, into: "run")
      let table = try workspace.convergence("run")
      #expect(table.header == Self.convergenceHeader)
      #expect(try table[column: "step"] == ["0", "10", "20", "23"])
      #expect(try table[column: "round"] == ["0", "2", "5", "5"])
      #expect(try table[column: "samples"] == [0, 10, 20, 23].map { "\($0 * 8 * ranks)" })
      #expect(try table[column: "interval"] == ["4", "4", "4", "4"])
      let parameters = 12 * 16 + 16 + 16 * 3 + 3
      #expect(try table[column: "bytes_sent"] == [0, 2, 5, 5].map { "\($0 * 4 * parameters)" })
      for epoch in zip(try table[column: "epoch"], [0, 10, 20, 23]) {
        #expect(Double(epoch.0) == Double(epoch.1 * 8 * ranks) / 600)
      }
      let distances = try table[column: "consensus_distance"].map { try #require(Double($0)) }
      let bounds = try table[column: "consensus_bound"].map { try #require(Double($0)) }
      for (distance, bound) in zip(distances, bounds) { #expect(distance <= bound) }
      #expect((distances.last == 0) == (ranks == 1))

      let workers = try workspace.workers("run")
      #expect(workers.header == Self.workersHeader)
      #expect(try workers[column: "rank"] == (0..<4).flatMap { _ in (0..<ranks).map(String.init) })
      let steps = [0, 10, 20, 23].flatMap { Array(repeating: "\($0)", count: ranks) }
      #expect(try workers[column: "local_steps"] == steps)
    }

    /// γ of the last step before each evaluation; step t begins at epoch 16 t / 600.
    @Test func theRateOfEachEvaluationIsTheSchedules() async throws {
      let workspace = try Workspace()
      try await workspace.train(
        "--steps 40 --evaluate-every 10 --batch-size 8 --learning-rate 0.1,0.5:0.01 --warmup 0.4", ranks: 2, into: "run"
      )
      let rates = try workspace.convergence("run")[column: "learning_rate"].map { try #require(Double($0)) }
      // Fifteen steps of warm-up, and nineteen until epoch 0.5.
      for (rate, expected) in zip(rates, [0.1 / 15, 0.1 * 10 / 15, 0.01, 0.01, 0.01]) {
        #expect(abs(rate - expected) < 1e-12, "\(rates)")
      }
    }

    @Test func momentumLeavesTheBoundEmpty() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 5 --momentum 0.5", into: "run")
      #expect(try workspace.convergence("run")[column: "consensus_bound"] == ["", ""])
    }

    @Test func theManifestSaysWhatRanOnWhat() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 5 --interval 3 --seed 18446744073709551615", ranks: 2, into: "run")
      let options = try workspace.manifest("run", "options")
      #expect(options["interval"] == .number(3))
      #expect(options["steps"] == .number(5))
      #expect(options["seed"] == .text("18446744073709551615"))
      // What was not given is there as well.
      let defaults = ["learning-rate", "momentum", "order", "algorithm", "partition", "normalize", "weight-decay"]
      for name in defaults { #expect(options[name] != nil) }
      let machine = try workspace.manifest("run", "machine")
      #expect(machine["ranks"] == .number(2))
      for name in ["mpi", "blas", "blas_kernel", "hosts"] { #expect(machine[name] != nil) }
      for name in ["name", "version", "revision", "march"] {
        #expect(try workspace.manifest("run", "program")[name] != nil)
      }
      let problem = try workspace.manifest("run", "problem")
      #expect(problem["shards"] == .list([.number(300), .number(300)]))
      let loss = try #require(workspace.convergence("run")[column: "test_loss"].last.flatMap { Double($0) })
      #expect(try workspace.manifest("run", "result")["test_loss"] == .number(loss))
    }

    @Test func theModelHasTheNamesAndShapesOfPyTorch() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 5", into: "run")
      let bytes = [UInt8](try workspace.model("run"))
      let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try JSONDecoder().decode([String: JSONValue].self, from: Data(bytes[8..<8 + length]))
      let shapes = header.filter { $0.key != "__metadata__" }.compactMapValues { $0.object?["shape"] }
      let list = { (sizes: [Double]) in JSONValue.list(sizes.map(JSONValue.number)) }
      let weights = shapes.filter { $0.key.hasSuffix(".weight") }.map(\.value)
      let biases = shapes.filter { $0.key.hasSuffix(".bias") }.map(\.value)
      #expect(shapes.count == 4)
      #expect(weights.contains(list([16, 12])) && weights.contains(list([3, 16])))
      #expect(biases.contains(list([16])) && biases.contains(list([3])))
      #expect(bytes.count == 8 + length + 4 * (12 * 16 + 16 + 16 * 3 + 3))
    }
  }
}
