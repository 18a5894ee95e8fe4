import Foundation
import Testing

extension BuiltProgram {
  /// The program on sparse rows.
  struct LIBSVMTests {
    static let rows = (0..<40).map { "\($0 % 2 == 0 ? "-1" : "+1") \(1 + $0 % 2):1 \(3 + $0 % 4):0.5\n" }.joined()
    /// An index that no file of this size has by intention.
    static let absurd = rows + "1 1:1 100000000:1\n"
    static let options = "--batch-size 4 --interval 2 --steps 20 --output run"

    private func workspace(_ training: String, test: String = rows) throws -> Workspace {
      let workspace = try Workspace()
      try workspace.write(Array(training.utf8), to: "a, b")
      try workspace.write(Array(test.utf8), to: "test")
      return workspace
    }

    @Test(arguments: [nil, 1, 3])
    func aSeparableFileIsLearned(ranks: Int?) async throws {
      let workspace = try workspace(Self.rows)
      let outcome = try await workspace.run(Self.options, "--dataset", "libsvm:a, b,test", ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.output.contains("libsvm:a, b,test: 40 training and 40 test samples, 6 features, 2 classes"))
      #expect(outcome.output.contains("logreg: 14 parameters"))
      #expect(try workspace.entries(of: "run") == Workspace.runFiles)
      let table = try workspace.convergence("run")
      #expect(try table[column: "train_accuracy"].last == "1.0")
      #expect(try table[column: "test_accuracy"].last == "1.0")
      let model = String(decoding: try workspace.model("run").prefix(300), as: UTF8.self)
      for part in ["\"weight\"", "[2,6]", "\"bias\"", "[2]"] { #expect(model.contains(part), "\(model)") }
    }

    @Test(arguments: [nil, 3])
    func aModelIsEvaluatedOnRowsOfItsClasses(ranks: Int?) async throws {
      let workspace = try workspace(Self.rows)
      let dataset = "libsvm:a, b,test"
      let outcome = try await workspace.run(
        "\(Self.options) --evaluate-training all --keep-best", "--dataset", dataset, ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      try await workspace.checkEvaluations(of: "run", on: dataset, training: 40, test: 40, ranks: ranks)
      // A file of one class, and with a feature that the model has not.
      try workspace.write("+1 2:1 99:3\n".utf8, to: "one")
      for model in ["model", "best"] {
        let one = try await workspace.run(
          "evaluate --model-file run/\(model).safetensors --dataset libsvm:one", ranks: ranks)
        #expect(one.code == 0 && one.output.contains("accuracy 1.0000 on 1 samples"), "\(one.testDescription)")
        #expect(one.output.contains("-1") && one.output.contains("100.0%"), "\(one.testDescription)")
      }
      let cases: [(String, String, Int32, String)] = [
        ("run/model.safetensors", "synthetic", 65, "evaluate it on libsvm:FILE"),
        ("run/model.safetensors", "libsvm:none", 74, "No such file"),
        ("run/model.safetensors", "quadratic", 64, "has no samples"),
        ("dense/model.safetensors", "libsvm:test", 65, "is not of a model that train made of sparse rows"),
      ]
      try await workspace.train("--steps 2", into: "dense")
      for (file, dataset, code, words) in cases {
        let refused = try await workspace.run("evaluate --model-file \(file) --dataset \(dataset)", ranks: ranks)
        #expect(refused.code == code && refused.complaints.count == 1, "\(refused.testDescription)")
        #expect(refused.errors.contains(words), "\(refused.testDescription)")
      }
    }

    @Test func aFileCanComeWithoutATestFile() async throws {
      let workspace = try workspace(Self.rows)
      let outcome = try await workspace.run(Self.options, "--dataset", "libsvm:a, b,")
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.convergence("run")[column: "test_accuracy"].last == "")
    }

    @Test(
      arguments: [
        ("1 1:1\n2 0:1\n", rows, "libsvm:a, b,test", 65, ["a, b:2: ", "'0:1'"]),
        ("1 1:1\n2 5:1 3:1\n", rows, "libsvm:a, b,test", 65, ["a, b:2: ", "index 3 follows 5"]),
        (absurd, rows, "libsvm:a, b,test", 65, ["a, b:41: index 100000000", "0.8 GB"]),
        (rows, rows + "7 1:1", "libsvm:a, b,test", 65, ["test:41: ", "label '7'"]),
        (rows, rows, "libsvm:a, b,none", 74, ["none", "No such file"]),
        (rows, rows, "libsvm:none", 74, ["none", "No such file"]),
        (rows, rows, "libsvm:", 64, ["libsvm:FILE,TESTFILE"]),
        (rows, rows, "libswm:a", 64, ["did you mean 'libsvm'"]),
      ] as [(String, String, String, Int32, [String])])
    func whatIsWrongIsSaidOnce(
      training: String, test: String, dataset: String, code: Int32, words: [String]
    ) async throws {
      let workspace = try workspace(training, test: test)
      async let alone = workspace.run(Self.options, "--dataset", dataset)
      async let together = workspace.run(Self.options, "--dataset", dataset, ranks: 3)
      for outcome in try await [alone, together] {
        #expect(outcome.code == code, "\(outcome.testDescription)")
        #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
        for word in words { #expect(outcome.complaints.first?.contains(word) == true, "\(outcome.testDescription)") }
      }
      #expect(try !workspace.entries().contains("run"))
    }
  }
}
