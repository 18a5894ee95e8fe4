import Foundation
import Testing

extension BuiltProgram {
  /// `evaluate` on what `train` left.
  struct EvaluateTests {
    static let dataset = "--dataset synthetic:training=600,test=100,features=12,classes=3"

    /// What was trained with, and what is evaluated with it.
    static let runs = [
      ("--steps 30", ""), ("--steps 30 --model logreg --normalize none", "--batch-size 1"),
      ("--steps 30 --hidden 40,16 --normalize unit --seed 3", "--seed 3 --batch-size 256"),
    ]

    @Test(arguments: runs, [1, 3])
    func aModelIsWorthWhatItsRunRecorded(run: (train: String, evaluate: String), ranks: Int) async throws {
      let workspace = try Workspace()
      try await workspace.train("\(run.train) --evaluate-training all", ranks: 2, into: "run")
      let convergence = try workspace.convergence("run")
      for (part, columns, samples) in [("test", "test", 100), ("training", "train", 600)] {
        let outcome = try await workspace.run(
          "evaluate \(Self.dataset) \(run.evaluate) --part \(part) --json --model-file run/model.safetensors",
          ranks: ranks)
        let report = try outcome.report()
        let recorded = { (name: String) in
          try #require(convergence[column: "\(columns)_\(name)"].last.flatMap(Double.init))
        }
        #expect(report["accuracy"]?.number == (try recorded("accuracy")))
        #expect(abs(try #require(report["loss"]?.number) - recorded("loss")) < 1e-6)
        #expect(report["samples"] == .number(Double(samples)))
        let counts = confusion(report)
        #expect(counts.map(\.count) == [3, 3, 3])
        #expect(counts.flatMap { $0 }.reduce(0, +) == Double(samples))
        let right = counts.indices.reduce(0) { $0 + counts[$1][$1] }
        #expect(report["accuracy"] == .number(right / Double(samples)))
      }
    }

    private func confusion(_ report: [String: JSONValue]) -> [[Double]] {
      guard case .list(let rows)? = report["confusion"] else { return [] }
      return rows.map { row -> [Double] in
        if case .list(let cells) = row { cells.compactMap(\.number) } else { [] }
      }
    }

    @Test func fewClassesAreATableAndManyAreLines() async throws {
      let workspace = try Workspace()
      try await workspace.train(each: ["--steps 20", "--steps 20 --dataset synthetic:training=600,test=200,classes=25"])
      let few = try await workspace.run("evaluate \(Self.dataset) --model-file 0/model.safetensors", ranks: 2)
      #expect(few.code == 0, "\(few.testDescription)")
      #expect(few.output.contains(#/^loss \d\.\d{4}, accuracy 0\.\d{4} on 100 samples\n/#))
      let rows = few.output.split(separator: "\n").drop { !$0.contains("true \\ predicted") }
      #expect(rows.count == 4, "\(few.testDescription)")
      let cells = rows.dropFirst().flatMap { $0.split(separator: " ").dropFirst().prefix(3).compactMap { Int($0) } }
      #expect(cells.count == 9 && cells.reduce(0, +) == 100)

      let many = try await workspace.run(
        "evaluate --dataset synthetic:training=600,test=200,classes=25 --model-file 1/model.safetensors")
      #expect(many.code == 0, "\(many.testDescription)")
      for word in ["class   samples   right", "taken for", "on 200 samples"] { #expect(many.output.contains(word)) }
    }

    /// Samples of files of one's own; more ranks than test samples.
    @Test func filesOfImagesAreEvaluated() async throws {
      let workspace = try Workspace()
      try IDXFolder.write(to: "images", in: workspace)
      try await workspace.train("--dataset idx:images --batch-size 4 --steps 40", into: "run")
      let accuracy = try #require(workspace.convergence("run")[column: "test_accuracy"].last.flatMap { Double($0) })
      for ranks in [1, 12] {
        let outcome = try await workspace.run(
          "evaluate --dataset idx:images --json --model-file run/model.safetensors", ranks: ranks)
        #expect(try outcome.report()["accuracy"]?.number == accuracy)
      }
    }

    @Test(arguments: [nil, 3])
    func whatIsWrongIsSaidOnce(ranks: Int?) async throws {
      let workspace = try Workspace()
      try await workspace.train(each: ["--steps 2", "--steps 2 --dataset quadratic"])
      let model = [UInt8](try workspace.model("0"))
      try workspace.write(model.dropLast(), to: "cut")
      try workspace.write("not a model at all".utf8, to: "text")
      func edited(_ old: String, _ new: String, to name: String) throws {
        let data = 8 + model[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: model[8..<data], as: UTF8.self)
        try #require(header.contains(old) && old.utf8.count == new.utf8.count)
        try workspace.write(
          model[..<8] + header.replacingOccurrences(of: old, with: new).utf8 + model[data...], to: name)
      }
      try edited(#""hidden":"16""#, #""hidden":"17""#, to: "wider")
      try edited(#""hidden":"16""#, #""hidten":"16""#, to: "unknown")
      try edited(#""classes":"3""#, #""classes":"x""#, to: "classes")
      try edited(#""model":"mlp""#, #""model":"cnn""#, to: "small")
      try edited(#""2.bias""#, #""2.bios""#, to: "renamed")
      let cases: [(String, String, Int32, [String])] = [
        ("none", Self.dataset, 74, ["none", "No such file"]), ("cut", Self.dataset, 65, ["cut: ", "ends at byte"]),
        ("text", Self.dataset, 65, ["text: ", "no safetensors file"]),
        ("1/model.safetensors", Self.dataset, 65, ["1/model.safetensors: ", "which model"]),
        ("wider", Self.dataset, 65, ["wider: ", "'0.weight' is [16, 12], where its model wants [17, 12]"]),
        ("unknown", Self.dataset, 65, ["unknown: ", "hidten"]), ("classes", Self.dataset, 65, ["classes: ", "'x'"]),
        ("small", Self.dataset, 65, ["small: ", "cnn", "4x4"]),
        ("renamed", Self.dataset, 65, ["renamed: ", "no tensor '2.bias'"]),
        ("0/model.safetensors", "--dataset synthetic:features=11,classes=3", 65, ["1x1x11", "1x1x12"]),
        ("0/model.safetensors", "--dataset synthetic:features=12,classes=4", 65, ["4 classes", "in 3"]),
        ("0/model.safetensors", "--dataset idx:none", 74, ["none", "No such file"]),
      ]
      try await withThrowingTaskGroup(of: (Outcome, Int32, [String]).self) { group in
        for (file, dataset, code, words) in cases {
          group.addTask {
            (try await workspace.run("evaluate \(dataset) --model-file", file, ranks: ranks), code, words)
          }
        }
        for try await (outcome, code, words) in group {
          #expect(outcome.code == code, "\(outcome.testDescription)")
          #expect(outcome.output == "", "\(outcome.testDescription)")
          #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
          for word in words { #expect(outcome.complaints.first?.contains(word) == true, "\(outcome.testDescription)") }
        }
      }
    }
  }
}
