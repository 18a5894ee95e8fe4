import Foundation
import Testing

extension Outcome {
  /// The object on the one line of JSON that a command printed.
  func report() throws -> [String: JSONValue] {
    try #require(code == 0, "\(testDescription)")
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
    try #require(lines.count == 2 && lines.last == "", "\(testDescription)")
    return try JSONDecoder().decode([String: JSONValue].self, from: Data(lines[0].utf8))
  }
}

extension Workspace {
  /// The bytes of each tensor of a run's `model.safetensors`, by name.
  func tensors(_ run: String) throws -> [String: Data] {
    let bytes = try model(run)
    let start = 8 + bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONDecoder().decode([String: JSONValue].self, from: bytes[8..<start])
    return header.filter { $0.key != "__metadata__" }.compactMapValues { entry in
      guard case .list(let offsets)? = entry.object?["data_offsets"] else { return nil }
      let ends = offsets.compactMap(\.number).map { start + Int($0) }
      return ends.count == 2 ? bytes[ends[0]..<ends[1]] : nil
    }
  }

  /// Checks that `evaluate` finds a run's model as good as the last row of its log says, on both parts of the data.
  /// - Parameters:
  ///   - dataset: on which it was trained; may have spaces.
  ///   - options: more options of `evaluate`, separated by spaces.
  ///   - training, test: the samples of each part.
  func checkEvaluations(
    of run: String, on dataset: String, _ options: String = "", training: Int, test: Int, ranks: Int? = nil
  ) async throws {
    let convergence = try convergence(run)
    for (part, column, samples) in [("training", "train", training), ("test", "test", test)] {
      let command = "evaluate \(options) --part \(part) --json --model-file \(run)/model.safetensors"
      let report = try await self.run(command, "--dataset", dataset, ranks: ranks).report()
      let loss = try #require(convergence[column: "\(column)_loss"].last.flatMap(Double.init))
      let accuracy = try #require(convergence[column: "\(column)_accuracy"].last.flatMap(Double.init))
      #expect(report["accuracy"] == .number(accuracy), "\(part)")
      #expect(abs(try #require(report["loss"]?.number) - loss) <= 1e-6 * max(1, loss), "\(part)")
      #expect(report["samples"] == .number(Double(samples)), "\(part)")
    }
  }
}
