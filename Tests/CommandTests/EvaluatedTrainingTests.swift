import Testing

extension BuiltProgram {
  /// On which training samples a run is evaluated.
  struct EvaluatedTrainingTests {
    /// As many as there are, or more, are all; the test set has 100.
    @Test(arguments: [nil, 1, 3])
    func asManySamplesAsThereAreAreAll(ranks: Int?) async throws {
      let workspace = try Workspace()
      let given = ["all", "600", "1000000"]
      try await workspace.train(
        each: given.map { "--steps 30 --evaluate-every 10 --evaluate-training \($0)" }, ranks: ranks)
      let all = try workspace.convergence("0").withoutTimings
      for (index, option) in given.enumerated() {
        #expect(try workspace.convergence("\(index)").withoutTimings == all)
        #expect(try workspace.manifest("\(index)", "problem")["evaluated_training_samples"] == .number(600))
        let recorded = try workspace.manifest("\(index)", "options")["evaluate-training"]
        #expect(recorded == .text(option))
      }
    }

    /// It tells the training loss and nothing else; by default there are as many samples as in the test set.
    @Test(arguments: [nil, 1, 3])
    func aSampleChangesTheTrainingLossAlone(ranks: Int?) async throws {
      let workspace = try Workspace()
      try await workspace.train(
        each: ["--evaluate-training all", "", "--evaluate-training 100", "--evaluate-training 7"].map {
          "--steps 30 --evaluate-every 10 \($0)"
        }, ranks: ranks)
      let tables = try (0..<4).map { try workspace.convergence("\($0)").withoutTimings }
      #expect(tables[1] == tables[2])
      for (index, samples) in [(1, 100), (3, 7)] {
        let problem = try workspace.manifest("\(index)", "problem")
        #expect(problem["evaluated_training_samples"] == .number(Double(samples)))
        for column in tables[0].header where !column.hasPrefix("train_") {
          #expect(try tables[index][column: column] == tables[0][column: column], "\(column)")
        }
        #expect(try tables[index][column: "train_loss"] != tables[0][column: "train_loss"])
        for accuracy in try tables[index][column: "train_accuracy"] {
          let right = try #require(Double(accuracy)) * Double(samples)
          #expect(abs(right - right.rounded()) < 1e-9, "\(accuracy) of \(samples)")
        }
      }
      #expect(try workspace.model("0") == workspace.model("3"))
    }

    /// At a rate that moves nothing, where the mean of two equal numbers is the same number.
    @Test(arguments: [nil, 2])
    func everyEvaluationTakesTheSameSample(ranks: Int?) async throws {
      let workspace = try Workspace()
      try await workspace.train(
        "--steps 30 --evaluate-every 5 --learning-rate 1e-30 --evaluate-training 50", ranks: ranks, into: "run")
      let losses = try workspace.convergence("run")[column: "train_loss"]
      #expect(losses.count == 7 && Set(losses).count == 1)
    }

    @Test(
      arguments: [
        ("", "training loss on 100 of 600 samples"), ("--evaluate-training 7", "training loss on 7 of 600 samples"),
        ("--evaluate-training all", "training loss on all 600 samples"),
        ("--batch-size full", "training loss on all 600 samples, as --batch-size full wants"),
        ("--optimum 0 --evaluate-training 7", "training loss on all 600 samples, as --optimum wants"),
        ("--momentum 0 --check-theory", "training loss on all 600 samples, as --check-theory wants"),
        ("--log-gradient-norm", "training loss on all 600 samples, as --log-gradient-norm wants"),
        ("--dataset synthetic:training=600,test=700", "training loss on all 600 samples"),
      ], [nil, 3])
    func theRunSaysItOnce(run: (options: String, text: String), ranks: Int?) async throws {
      let outcome = try await Workspace().run(
        "\(Workspace.small) \(run.options) --steps 2 --output run", ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      let lines = outcome.output.split(separator: "\n").filter { $0.contains("training loss on") }
      #expect(lines == [run.text[...]])
    }

    /// Every worker's function counts.
    @Test func aFormulaIsEvaluatedAsAWhole() async throws {
      let workspace = try Workspace()
      let problem = "--dataset quadratic:heterogeneity=3,spread=0.5 --steps 20"
      try await workspace.train(each: [problem, "\(problem) --evaluate-training 1"], ranks: 3)
      #expect(try workspace.convergence("0").withoutTimings == workspace.convergence("1").withoutTimings)
      #expect(try workspace.manifest("1", "problem")["evaluated_training_samples"] == .number(3))
    }
  }
}
