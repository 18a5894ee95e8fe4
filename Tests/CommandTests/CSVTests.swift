import Testing

extension BuiltProgram {
  /// The program on a table of a user's own.
  struct CSVTests {
    /// Three species, told apart by their lengths.
    static let rows = (0..<60).map { row in
      "\(2 * (row % 3)).\(row % 7),\(row % 5).5,\(["setosa", "versicolor", "virginica"][row % 3])\n"
    }
    static let options = "--hidden 16 --batch-size 4 --interval 4 --epochs 8"

    static func table(_ rows: some Sequence<String>) -> String { "length,width,species\n" + rows.joined() }

    private func workspace(_ training: String, test: String = table(rows.prefix(9))) throws -> Workspace {
      let workspace = try Workspace()
      try workspace.write(training.utf8, to: "a table, mine.csv")
      try workspace.write(test.utf8, to: "test.csv")
      return workspace
    }

    /// `evaluate` holds the same rows out as the run with its seed did.
    @Test(
      arguments: [
        ("a table, mine.csv,label=species", 54, 6), ("a table, mine.csv,label=3,holdout=0.25", 45, 15),
        ("a table, mine.csv,test=test.csv", 60, 9),
      ], [nil, 3])
    func aSeparableTableIsLearned(table: (name: String, training: Int, test: Int), ranks: Int?) async throws {
      let workspace = try workspace(Self.table(Self.rows))
      let dataset = "csv:\(table.name)"
      let outcome = try await workspace.run(
        "\(Self.options) --evaluate-training all", "--dataset", dataset, "--seed", "5", "--output", "run", ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      let sizes = "\(table.training) training and \(table.test) test samples, 2 features, 3 classes"
      #expect(outcome.output.contains(sizes), "\(outcome.testDescription)")
      #expect(try workspace.entries(of: "run") == Workspace.runFiles)
      #expect(try workspace.convergence("run")[column: "train_accuracy"].last == "1.0")
      try await workspace.checkEvaluations(
        of: "run", on: dataset, "--seed 5", training: table.training, test: table.test, ranks: ranks)
    }

    /// Columns of words, and a number that says nothing; some fields are missing.
    static let people =
      "id,age,colour,kind\n"
      + (0..<80).map { row in
        "\(row),\(row % 7 == 3 ? "" : "\(20 + row % 4)"),\(["red", "blue", "?"][row % 3]),\(row % 3 == 0 ? "warm" : "cold")\n"
      }.joined()

    @Test(arguments: [nil, 3])
    func aTableAsPeopleHaveThemIsLearned(ranks: Int?) async throws {
      let workspace = try workspace(Self.people)
      let dataset = "csv:a table, mine.csv,label=kind,drop=id,missing=mean"
      let outcome = try await workspace.run(
        Self.options, "--evaluate-training", "all", "--dataset", dataset, "--output", "run", ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      for remark in [
        "72 training and 8 test samples, 3 features", "'id' is left out", "'age' is missing in 11", "'colour' is 2",
      ] {
        #expect(outcome.output.contains(remark), "\(outcome.testDescription)")
      }
      #expect(try workspace.convergence("run")[column: "train_accuracy"].last == "1.0")
      try await workspace.checkEvaluations(of: "run", on: dataset, training: 72, test: 8, ranks: ranks)
      // Rows of another file, which by themselves would be of other columns: the model knows its own.
      try workspace.write("id,age,colour,kind\nx,,red,warm\ny,22,?,cold\nz,21,red,warm\n".utf8, to: "new.csv")
      let evaluated = try await workspace.run(
        "evaluate --model-file run/model.safetensors --part training --dataset csv:new.csv,holdout=0", ranks: ranks)
      #expect(evaluated.code == 0 && evaluated.output.contains("accuracy 1.0000 on 3"), "\(evaluated.testDescription)")
      #expect(evaluated.output.contains("cold") && evaluated.output.contains("warm"), "\(evaluated.testDescription)")
    }

    static let faults =
      [
        (table(["1,2,x\n", "3,oops,y\n"]), "csv:table.csv", 65, ["table.csv:3: column 2: ", "'oops'", "number"]),
        (table(["1,2,x\n", "3,nan,y\n"]), "csv:table.csv", 65, ["table.csv:3: column 2: ", "'nan'"]),
        (table(["1,2,x\n", "3,,y\n"]), "csv:table.csv", 65, ["table.csv:3: column 2: ", "empty"]),
        (table(["1,2,x\n", "3,y\n"]), "csv:table.csv", 65, ["table.csv:3: ", "2 fields", "3"]),
        (table(["1,2,x\n", "\n", "3,4,y\n"]), "csv:table.csv", 65, ["table.csv:3: ", "blank"]),
        (table(["1,\"2,x\n", "3,4,y\n"]), "csv:table.csv", 65, ["table.csv:2: column 2: ", "quote"]),
        (table(["1,2,x\n", "3,4,1.5\n"]), "csv:table.csv", 65, ["table.csv:3: column 3: ", "'1.5'", "label"]),
        (table(["1,2,x\n", "3,4,x\n"]), "csv:table.csv", 65, ["table.csv: ", "'x'"]),
        (table(rows), "csv:table.csv,test=test.csv", 65, ["test.csv:2: column 3: ", "'iris'", "training file"]),
        (table([]), "csv:table.csv", 65, ["table.csv: ", "no rows"]),
        (table(rows), "csv:none.csv", 74, ["none.csv: No such file"]),
        (table(rows), "csv:table.csv,label=specie", 64, ["table.csv: ", "'specie'", "did you mean 'species'"]),
        (table(rows), "csv:table.csv,label=4", 64, ["table.csv: ", "3 columns", "4th"]),
        (table(rows), "csv:table.csv,drop=species", 64, ["table.csv: ", "drop= leaves no label"]),
        (table(["1,red,x\n", "3,2,y\n"]), "csv:table.csv", 65, ["table.csv:3: column 2: ", "'2'", "words=2"]),
      ] as [(String, String, Int32, [String])]

    @Test(arguments: faults)
    func whatIsWrongIsSaidOnce(table: String, dataset: String, code: Int32, words: [String]) async throws {
      let workspace = try Workspace()
      try workspace.write(table.utf8, to: "table.csv")
      try workspace.write(Self.table(["1,2,iris\n"]).utf8, to: "test.csv")
      let options = "--hidden 4 --batch-size 1 --steps 2 --output run --dataset"
      async let alone = workspace.run(options, dataset, ranks: 1)
      async let together = workspace.run(options, dataset, ranks: 3)
      for outcome in try await [alone, together] {
        #expect(outcome.code == code, "\(outcome.testDescription)")
        #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
        for word in words { #expect(outcome.complaints.first?.contains(word) == true, "\(outcome.testDescription)") }
      }
      #expect(try !workspace.entries().contains("run"))
    }
  }
}
