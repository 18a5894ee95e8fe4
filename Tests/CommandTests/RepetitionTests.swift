import Foundation
import Testing

extension BuiltProgram {
  /// A run is a function of its options.
  struct RepetitionTests {
    static let methods = [
      "", "--algorithm psgd", "--order step-first", "--momentum 0 --partition label-skew:0.3 --batch-size 4",
      "--model logreg --batch-size full --partition contiguous", "--nesterov", "--optimizer adamw --order step-first",
    ]

    @Test(arguments: methods, [2, 3])
    func theSameCommandGivesTheSameBits(method: String, ranks: Int) async throws {
      let workspace = try Workspace()
      try await workspace.train(each: ["--steps 30 \(method)", "--steps 30 \(method)"], ranks: ranks)
      #expect(try workspace.model("0") == workspace.model("1"))
      #expect(try workspace.convergence("0").withoutTimings == workspace.convergence("1").withoutTimings)
      #expect(try workspace.workers("0").withoutTimings == workspace.workers("1").withoutTimings)
      #expect(try workspace.manifest("0", "options") == workspace.manifest("1", "options"))
    }

    @Test func theTimingsAreTheLastFourColumns() {
      let timings = RecordTests.convergenceHeader.filter { $0.hasSuffix("_seconds") }
      #expect(timings == RecordTests.convergenceHeader.suffix(4))
    }

    @Test func anotherOptionGivesOtherBits() async throws {
      let workspace = try Workspace()
      let options = [
        "", "--seed 2", "--interval 3", "--order step-first", "--momentum-policy local", "--partition contiguous",
        "--warmup 1", "--cosine", "--learning-rate 0.05,0.5:0.01", "--label-smoothing 0.1",
        "--nesterov", "--optimizer adamw", "--optimizer adamw --beta1 0.8", "--optimizer adamw --beta2 0.99",
        "--optimizer adamw --epsilon 0.1", "--optimizer adamw --weight-decay 0.1",
      ]
      try await workspace.train(each: options.map { "--steps 30 \($0)" }, ranks: 2)
      #expect(Set(try options.indices.map { try workspace.model("\($0)") }).count == options.count)
    }

    @Test func evaluatingMoreOftenChangesNothing() async throws {
      let workspace = try Workspace()
      try await workspace.train(each: [1000, 7, 1].map { "--steps 30 --evaluate-every \($0)" }, ranks: 3)
      #expect(try workspace.model("1") == workspace.model("0"))
      #expect(try workspace.model("2") == workspace.model("0"))
    }

    static let rates = [
      "--learning-rate 0.037", "--learning-rate 0.1,0.30000000000000004:0.03,1.5:1e-05 --warmup 0.2",
      "--cosine --label-smoothing 0.12",
    ]

    @Test(arguments: rates, [nil, 2])
    func theConfigurationOfARunRepeatsIt(rate: String, ranks: Int?) async throws {
      let options =
        "--steps 30 --evaluate-every 9 --interval 5 --batch-size 20 \(rate) --momentum 0.3 "
        + "--momentum-policy local --no-overlap --weight-decay 0.00123 --seed 12345678901234567890 "
        + "--partition label-skew:0.7 --normalize unit"
      let workspace = try Workspace()
      try await workspace.train(options, ranks: ranks, into: "first run")
      for command in ["--config", "train --quiet --config"] {
        let outcome = try await workspace.run(
          command, "first run/run.json", "--overwrite", "--output", "second", ranks: ranks)
        try #require(outcome.code == 0, "\(outcome.testDescription)")
        #expect(try workspace.model("second") == workspace.model("first run"))
        #expect(try workspace.convergence("second").withoutTimings == workspace.convergence("first run").withoutTimings)
        #expect(try workspace.manifest("second", "options") == workspace.manifest("first run", "options"))
      }
    }

    /// One by which the network learns.
    @Test(
      arguments: [
        ("", 0.05), ("--optimizer adamw", 0.001), ("--model cnn --dataset cifar10:images", 0.02),
        ("--model cnn --dataset cifar10:images --optimizer adamw", 0.001), ("--learning-rate 0.3", 0.3),
        ("--model lstm --hidden 4 \(Plays.tiny)", 0.5),
      ])
    func theRateHasADefaultThatIsRecorded(options: String, rate: Double) async throws {
      let workspace = try Workspace()
      try CIFARFolder.write(to: "images", in: workspace)
      try workspace.write(Plays.text.utf8, to: "plays.txt")
      let outcome = try await workspace.run("--steps 1 --batch-size 4 --quiet --output run \(options)")
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.manifest("run", "options")["learning-rate"] == .number(rate))
    }

    /// Its own numbers are recorded; those of another optimiser in the file are left out.
    @Test func aConfigurationKnowsItsOptimizer() async throws {
      let workspace = try Workspace()
      let adam = "--optimizer adamw --beta1 0.85 --beta2 0.98 --epsilon 1e-07"
      let runs = ["--nesterov --momentum 0.3", adam, "", "--optimizer adamw"].map { "--steps 10 \($0)" }
      try await workspace.train(each: runs)
      let given = ["--optimizer sgd", "--optimizer=adamw", "--optimizer sgd", "--optimizer adamw"]
      for (index, (file, expected)) in [(0, 0), (1, 1), (1, 2), (0, 3)].enumerated() {
        let outcome = try await workspace.run(
          "--config \(file)/run.json --output configured-\(index) \(given[index])")
        try #require(outcome.code == 0, "\(outcome.testDescription)")
        #expect(try workspace.model("configured-\(index)") == workspace.model("\(expected)"))
        let options = try workspace.manifest("configured-\(index)", "options")
        #expect(options == (try workspace.manifest("\(expected)", "options")))
      }
    }

    /// Before `--config` or after it; in place of the file's or, where two exclude each other, against it.
    @Test(arguments: [true, false])
    func theCommandLineWinsOverTheConfiguration(comesFirst: Bool) async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 30 --interval 5 --no-overlap --cosine", into: "base")
      let options = [
        "--steps 30 --seed 7", "--steps 30 --order step-first", "--steps 30 --overlap", "--steps 30 --batch-size full",
        "--steps 30 --model logreg", "--steps 20", "--epochs 2", "--steps 30 --no-cosine --learning-rate 0.1,0.5:0.01",
      ]
      try await workspace.train(each: options.map { "--interval 5 --no-overlap --cosine \($0)" })
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, option) in options.enumerated() {
          group.addTask {
            let file = "--config base/run.json --output configured-\(index)"
            let outcome = try await workspace.run(comesFirst ? "\(option) \(file)" : "\(file) \(option)")
            try #require(outcome.code == 0, "\(outcome.testDescription)")
          }
        }
        try await group.waitForAll()
      }
      for (index, option) in options.enumerated() {
        let (direct, configured) = ("\(index)", "configured-\(index)")
        #expect(try workspace.manifest(configured, "options") == workspace.manifest(direct, "options"), "\(option)")
        #expect(try workspace.model(configured) == workspace.model(direct), "\(option)")
      }
    }

    @Test(
      arguments: [
        ("", 65, "run.json"), ("{", 65, "run.json"), ("{}", 65, "options"), ("[]", 65, "run.json"),
        (#"{"options": {"steps": [3]}}"#, 65, "run.json"), (#"{"options": {"steps": 0}}"#, 64, "--steps"),
        (#"{"options": {"colour": "red"}}"#, 64, "colour"),
      ] as [(String, Int32, String)], [nil, 3])
    func aDamagedConfigurationIsRefused(file: (text: String, code: Int32, word: String), ranks: Int?) async throws {
      let workspace = try Workspace()
      try workspace.write(file.text.utf8, to: "run.json")
      let outcome = try await workspace.run("--config run.json", ranks: ranks)
      #expect(outcome.code == file.code, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.complaints.first?.contains(file.word) == true, "\(outcome.testDescription)")
      #expect(try workspace.entries() == ["run.json"])
    }
  }
}
