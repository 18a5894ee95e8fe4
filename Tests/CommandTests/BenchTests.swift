import Foundation
import Testing

extension BuiltProgram {
  struct BenchTests {
    static let options = "bench --hidden 16 --batch-size 8 --interval 4 --steps 50 --samples 100"

    @Test(arguments: ["logreg", "mlp"], [nil, 1, 2])
    func oneLineOfJSONSaysHowFast(model: String, ranks: Int?) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("\(Self.options) --model \(model) --json", ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 2 && lines.last == "")
      let report = try JSONDecoder().decode([String: JSONValue].self, from: Data(lines[0].utf8))
      #expect(try #require(report["samples_per_second"]?.number) > 0)
      #expect(report["model"] == .text(model))
      let counts = ["ranks": ranks ?? 1, "batch_size": 8, "interval": 4, "steps": 50]
      for (name, count) in counts { #expect(report[name] == .number(Double(count))) }
      let shares = try #require(report["share"]?.object).compactMapValues(\.number)
      #expect(Set(shares.keys) == Set(ProgressTests.sections))
      #expect(shares.values.allSatisfy { $0 >= 0 })
      #expect(abs(shares.values.reduce(0, +) - 1) < 1e-6)
      #expect(try workspace.entries().isEmpty)
    }

    @Test(arguments: ["--algorithm psgd", "--order step-first", "--no-overlap", "--momentum 0", "--batch-size full"])
    func everyMethodCanBeMeasured(method: String) async throws {
      let outcome = try await Workspace().run("\(Self.options) \(method)", ranks: 2)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      for section in ProgressTests.sections { #expect(outcome.output.contains(section)) }
      #expect(outcome.output.contains("samples/s"))
    }
  }
}
