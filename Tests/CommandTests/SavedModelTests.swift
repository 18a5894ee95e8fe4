import Foundation
import Testing

extension BuiltProgram {
  /// Models that a run saves besides its last, and models that it begins from.
  struct SavedModelTests {
    @Test(
      arguments: ["", "--model logreg --partition contiguous", "--optimizer adamw --algorithm slowmo"], [nil, 3])
    func aRunBeginsFromASavedModel(options: String, ranks: Int?) async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 30 --evaluate-every 10 \(options)", ranks: ranks, into: "first")
      try await workspace.train(
        "--steps 1 --init-from first/model.safetensors \(options)", ranks: ranks, into: "second")
      let (first, second) = (try workspace.convergence("first"), try workspace.convergence("second"))
      for column in ["train_loss", "train_accuracy", "test_loss", "test_accuracy"] {
        let values = try [first[column: column].last, second[column: column].first].map {
          try #require(Double($0 ?? ""))
        }
        // The mean of three equal models is rounded.
        #expect(abs(values[0] - values[1]) < 1e-6, "\(column)")
        #expect(try second[column: column].first != first[column: column].first)
      }
    }

    @Test func aFormulaBeginsFromASavedPoint() async throws {
      let workspace = try Workspace()
      let problem = "--dataset quadratic:dimension=5,noise=0 --momentum 0 --interval 1 --quiet --output"
      for options in ["whole --steps 20", "half --steps 10", "rest --steps 10 --init-from half/model.safetensors"] {
        let outcome = try await workspace.run("\(problem) \(options)", ranks: 2)
        try #require(outcome.code == 0, "\(outcome.testDescription)")
      }
      // Without noise and momentum a step depends on nothing but the model.
      #expect(try workspace.model("rest") == workspace.model("whole"))
    }

    @Test(arguments: [
      ("--hidden 17", "is [16, 12], where its model wants [17, 12]"), ("--model logreg", "has no tensor"),
      ("--init-from nowhere", "nowhere"), ("--init-from run/run.json", "is no safetensors file"),
    ])
    func aModelThatDoesNotFitIsRefused(options: String, words: String) async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 3", into: "run")
      let command = "\(Workspace.small) --init-from run/model.safetensors \(options) --output other"
      let outcome = try await workspace.run(command, ranks: 2)
      #expect(outcome.code == (words == "nowhere" ? 74 : 65), "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains(words), "\(outcome.testDescription)")
      #expect(try !workspace.entries().contains("other"))
    }

    @Test func theBestModelIsKept() async throws {
      let workspace = try Workspace()
      let options = "--steps 90 --evaluate-every 5 --learning-rate 0.5 --momentum 0.9 --keep-best"
      try await workspace.train(options, ranks: 2, into: "run")
      let log = try workspace.convergence("run")
      let accuracies = try log[column: "test_accuracy"].compactMap(Double.init)
      let best = try #require(accuracies.max())
      let report = try await workspace.run(
        "evaluate --json --model-file run/best.safetensors \(EvaluateTests.dataset)", ranks: 2
      ).report()
      #expect(report["accuracy"] == .number(best))
      let place = try #require(accuracies.firstIndex(of: best))
      let header = String(decoding: try workspace.bytes(of: "run/best.safetensors").prefix(2000), as: UTF8.self)
      #expect(try header.contains("\"step\":\"\(log[column: "step"][place])\""))
      // What a run that goes on finds later is held to what it found before.
      try await workspace.train("\(options) --checkpoint-every 40", ranks: 2, into: "cut")
      let whole = try workspace.bytes(of: "cut/best.safetensors")
      #expect(try whole == workspace.bytes(of: "run/best.safetensors"))
      try ResumeTests.forgetTheEnd(of: "cut", in: workspace)
      let resumed = try await workspace.run("train --quiet --resume cut", ranks: 2)
      #expect(resumed.code == 0, "\(resumed.testDescription)")
      #expect(try whole == workspace.bytes(of: "cut/best.safetensors"))
    }

    @Test func thereIsNoBestWithoutATestSet() async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("--dataset quadratic --keep-best --output run", ranks: 2)
      #expect(outcome.code == 64 && outcome.errors.contains("--keep-best"), "\(outcome.testDescription)")
      #expect(try workspace.entries().isEmpty)
    }
  }
}
