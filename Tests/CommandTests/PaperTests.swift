import Foundation
import Testing

extension BuiltProgram {
  /// The script of the paper's experiment, on a few images.
  struct PaperTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/experiments/paper").standardized.path
    private static let folder = "epochs-1-workers-2-samples-40"
    private static let arguments = "--batch-size 4"
    private static let runs = ["one-shot", "post-local", "pr-sgd-2", "pr-sgd-2-step-first", "psgd", "qsr"].map {
      "\($0)-seed-1"
    }

    private func paper(_ workspace: Workspace, into out: String, _ variables: [String: String] = [:]) async throws
      -> Outcome
    {
      let settings = [
        "PROGRAM": try Tools.program(), "MPIRUN": try Tools.launcher(), "CIFAR10": "\(workspace.path)/images",
        "OUT": "\(workspace.path)/\(out)", "EPOCHS": "1", "NP": "2", "INTERVALS": "2", "SEEDS": "1", "SAMPLES": "40",
        "ARGS": Self.arguments,
      ].merging(variables) { $1 }
      let environment = Tools.environment.merging(settings) { $1 }
      return try await RunningCommand([Self.script], in: workspace.path, environment: environment).outcome()
    }

    @Test(.enabled(if: Tools.hasGnuplot, "gnuplot is not installed"))
    func aPaperThatIsCutAgainAndAgainEndsInTheRowsOfOneUncut() async throws {
      let workspace = try Workspace()
      try CIFARFolder.write(to: "images", in: workspace)
      let whole = try await paper(workspace, into: "whole")
      try #require(whole.code == 0, "\(whole.testDescription)")
      #expect(whole.output.contains("| PR-SGD, I = 2, step first |"))
      // Every run is cut, most of them after a step.
      var cuts = 0
      while true {
        let cut = try await paper(workspace, into: "cut", ["ARGS": "\(Self.arguments) --time-limit 0.001s"])
        if cut.code == 0 { break }
        try #require(cut.code == 75 && cuts < 200, "\(cut.testDescription)")
        cuts += 1
      }
      #expect(cuts >= 2)
      for run in Self.runs {
        let paths = ["whole", "cut"].map { "\($0)/paper/\(Self.folder)/\(run)" }
        #expect(
          try workspace.convergence(paths[0]).withoutTimings == workspace.convergence(paths[1]).withoutTimings, "\(run)"
        )
      }
      for file in ["paper.md", "paper.png", "table.md"] {
        #expect(try !workspace.bytes(of: "cut/paper/\(Self.folder)/\(file)").isEmpty)
      }
      // What is finished is not run again.
      let again = try await paper(workspace, into: "whole")
      #expect(again.code == 0)
      #expect(again.output.components(separatedBy: "finished before").count == Self.runs.count + 1)
    }

    @Test func whatIsMissingOrWrongIsSaid() async throws {
      let workspace = try Workspace()
      for (variables, code, message) in [
        (["CIFAR10": "\(workspace.path)/nowhere"], Int32(74), "nowhere"), (["EPOCHS": "many"], 64, "'many'"),
        (["INTERVALS": "4 x"], 64, "'x'"),
      ] {
        try CIFARFolder.write(to: "images", in: workspace)
        let outcome = try await paper(workspace, into: "out", variables)
        #expect(outcome.code == code, "\(outcome.testDescription)")
        #expect(outcome.errors.contains(message), "\(outcome.testDescription)")
      }
    }
  }
}
