import Foundation
import Testing

extension BuiltProgram {
  /// Networks of characters, from a text to what they write.
  struct TextTests {
    private func workspace() throws -> Workspace {
      let workspace = try Workspace()
      try workspace.write(Plays.text.utf8, to: "plays.txt")
      return workspace
    }

    private func run(_ options: String, in workspace: Workspace, ranks: Int? = nil) async throws -> Outcome {
      let outcome = try await workspace.run(options, ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      return outcome
    }

    @Test(arguments: Plays.models, [nil, 3])
    func aTextIsLearnedAndItsModelIsWorthWhatWasRecorded(model: String, ranks: Int?) async throws {
      let workspace = try workspace()
      let outcome = try await run(
        "\(Plays.tiny) \(model) --steps 200 --evaluate-every 100 --output run", in: workspace, ranks: ranks)
      #expect(outcome.output.contains("perplexity") || outcome.complaints.joined().contains("perplexity"))
      let losses = try workspace.convergence("run")[column: "test_loss"].compactMap(Double.init)
      let classes = try #require(try workspace.manifest("run", "problem")["classes"]?.number)
      #expect(abs(losses[0] - log(classes)) < 0.5, "\(losses)")
      #expect(losses.last! < 0.75 * losses[0], "\(losses)")
      let report = try await run(
        "evaluate --dataset text:plays.txt --model-file run/model.safetensors --json", in: workspace, ranks: ranks
      ).report()
      #expect(abs(try #require(report["loss"]?.number) - losses.last!) < 1e-5)
      #expect(abs(try #require(report["perplexity"]?.number) - exp(losses.last!)) < 1e-3)
    }

    @Test(arguments: Plays.models)
    func speakersStayWithOneWorker(model: String) async throws {
      let workspace = try workspace()
      let options =
        "--dataset text:plays.txt,speakers --partition speaker --batch-size 4 --context 16 --steps 8 \(model)"
      _ = try await run("\(options) --output run", in: workspace, ranks: 3)
      let four = try await workspace.run("\(options) --output four", ranks: 4)
      #expect(four.code == 64, "\(four.testDescription)")
      #expect(four.complaints.joined().contains("3 speakers"), "\(four.testDescription)")
    }

    @Test(arguments: Plays.models, [nil, 2])
    func aRunWithDropoutGoesOnToTheSameBits(model: String, ranks: Int?) async throws {
      let workspace = try workspace()
      let options = "\(Plays.tiny) \(model) --dropout 0.2 --steps 40 --evaluate-every 10 --quiet"
      _ = try await run("\(options) --output whole", in: workspace, ranks: ranks)
      _ = try await run("\(options) --output cut --checkpoint-every 17", in: workspace, ranks: ranks)
      try ResumeTests.forgetTheEnd(of: "cut", in: workspace)
      _ = try await run("train --quiet --resume cut", in: workspace, ranks: ranks)
      #expect(try workspace.model("cut") == workspace.model("whole"))
      #expect(try workspace.convergence("cut").withoutTimings == workspace.convergence("whole").withoutTimings)
    }

    @Test func theSameSeedWritesTheSameText() async throws {
      let workspace = try workspace()
      _ = try await run("\(Plays.tiny) \(Plays.models[0]) --steps 150 --quiet --output run", in: workspace)
      func write(_ options: String, _ prompt: String = "So say") async throws -> String {
        let arguments = ["--prompt", prompt] + options.split(separator: " ").map(String.init)
        let outcome = try await workspace.run("generate --model-file run/model.safetensors", arguments)
        try #require(outcome.code == 0, "\(outcome.testDescription)")
        return outcome.output
      }
      let text = try await write("--characters 60 --seed 3")
      #expect(text.hasPrefix("So say"))
      // What was asked for, and the end of a line.
      #expect(text.unicodeScalars.count == 6 + 60 + 1)
      #expect(try await write("--characters 60 --seed 3") == text)
      #expect(try await write("--characters 60 --seed 4") != text)
      let likeliest = try await write("--characters 60 --temperature 0 --seed 3")
      #expect(try await write("--characters 60 --temperature 0 --seed 4") == likeliest)
      let unknown = try await workspace.run("generate --model-file run/model.safetensors", ["--prompt", "Ü"])
      #expect(unknown.code == 64 && unknown.complaints.joined().contains("'Ü'"), "\(unknown.testDescription)")
    }

    @Test func textsThatCannotBeLearnedAreBadData() async throws {
      let workspace = try workspace()
      try workspace.write([], to: "empty.txt")
      try workspace.write("too short".utf8, to: "short.txt")
      try workspace.write(Array("two lines\nand ".utf8) + [0xFF, 0x41], to: "bytes.txt")
      let wrong = [
        ("text:none.txt", 74, "none.txt"), ("text:empty.txt", 65, "empty.txt: is empty"),
        ("text:short.txt", 65, "--context 16"), ("text:bytes.txt", 65, "bytes.txt:2"),
        ("text:bytes.txt,speakers", 65, "bytes.txt:2"), ("text:short.txt,speakers", 65, "NAME:"),
      ]
      for (dataset, code, message) in wrong {
        let outcome = try await workspace.run("--dataset \(dataset) --model gpt --context 16 --output run")
        #expect(outcome.code == Int32(code), "\(outcome.testDescription)")
        #expect(outcome.complaints.joined().contains(message), "\(outcome.testDescription)")
      }
    }

    @Test func aNetworkOfImagesWritesNothing() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 3", into: "run")
      let outcome = try await workspace.run("generate --model-file run/model.safetensors")
      #expect(outcome.code == 65 && outcome.complaints.joined().contains("no network of texts"))
    }
  }
}
