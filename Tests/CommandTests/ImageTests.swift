import Foundation
import Testing

extension BuiltProgram {
  /// Residual networks on images of a user's own.
  struct ImageTests {
    static let dataset = "--dataset cifar10:data"
    static let options = "\(dataset) --model resnet20 --augment --batch-size 4 --steps 3"

    private func workspace() throws -> Workspace {
      let workspace = try Workspace()
      try CIFARFolder.write(to: "data", in: workspace)
      return workspace
    }

    /// Its running statistics are saved and loaded too: those that a network begins with give another loss.
    @Test(arguments: [1, 2])
    func aResidualNetworkIsWorthWhatItsRunRecorded(ranks: Int) async throws {
      let workspace = try workspace()
      try await workspace.train("\(Self.options) --evaluate-training all", ranks: ranks, into: "run")
      #expect(try workspace.entries(of: "run") == Workspace.runFiles)
      try await workspace.checkEvaluations(
        of: "run", on: "cifar10:data", training: CIFARFolder.trainingSamples, test: CIFARFolder.testSamples)
      let tensors = try workspace.tensors("run")
      #expect(tensors.count == 2 + 19 * 5)
      for name in ["layer3.0.conv1.weight", "layer3.0.bn1.running_mean", "layer3.0.bn1.running_var", "fc.bias"] {
        #expect(tensors[name] != nil, "\(tensors.keys.sorted())")
      }
    }

    /// Samples without a shape are images of one row.
    @Test func aSampleOfOneRowIsAnImageToo() async throws {
      let workspace = try workspace()
      try await workspace.train(
        "--dataset synthetic:training=20,test=10 --model resnet20 --batch-size 4 --steps 3", into: "run")
      #expect(try workspace.entries(of: "run") == Workspace.runFiles)
    }

    @Test(arguments: [1, 2])
    func theSameCommandGivesTheSameBits(ranks: Int) async throws {
      let workspace = try workspace()
      try await workspace.train(each: [Self.options, Self.options], ranks: ranks)
      #expect(try workspace.model("0") == workspace.model("1"))
      #expect(try workspace.convergence("0").withoutTimings == workspace.convergence("1").withoutTimings)
    }

    @Test func cropsAndFlipsChangeWhatIsLearned() async throws {
      let workspace = try workspace()
      try await workspace.train(each: [Self.options, "\(Self.options) --no-augment"], ranks: 2)
      #expect(try workspace.tensors("0")["fc.weight"] != workspace.tensors("1")["fc.weight"])
    }

    /// Which statistics a model is evaluated with is no matter of training.
    @Test func policiesOfStatisticsChangeNoParameter() async throws {
      let workspace = try workspace()
      let policies = ["average", "local", "recompute"]
      let options = "\(Self.options) --evaluate-training all"
      try await workspace.train(each: policies.map { "\(options) --batch-norm-statistics \($0)" }, ranks: 2)
      let models = try policies.indices.map { try workspace.tensors("\($0)") }
      let isStatistic = { (name: String) in name.contains(".running_") }
      for model in models {
        #expect(model.filter { !isStatistic($0.key) } == models[0].filter { !isStatistic($0.key) })
      }
      #expect(Set(models.map { $0.filter { isStatistic($0.key) } }).count == policies.count)
      // Saved are those of rank 0: with statistics of its own, each rank has evaluated another model.
      for (index, policy) in policies.enumerated() where policy != "local" {
        try await workspace.checkEvaluations(
          of: "\(index)", on: "cifar10:data", training: CIFARFolder.trainingSamples, test: CIFARFolder.testSamples)
      }
    }

    @Test func everyKernelOfConvolutionsLearnsTheSame() async throws {
      let workspace = try workspace()
      let kernels = ["auto", "direct", "winograd", "blas"]
      try await workspace.train(
        each: kernels.map { "\(Self.dataset) --model cnn --batch-size 4 --steps 3 --convolution \($0)" })
      let losses = try kernels.indices.map { run in
        try #require(workspace.convergence("\(run)")[column: "train_loss"].last.flatMap(Double.init))
      }
      for loss in losses { #expect(abs(loss - losses[0]) < 1e-3 * losses[0], "\(losses)") }
    }

    @Test(
      arguments: [
        ("--augment", ["--augment", "synthetic"]),
        ("--model cnn", ["--model cnn", "4x4", "synthetic"]),
        ("--augment --dataset csv:table.csv", ["--augment", "csv:table.csv"]),
        ("\(dataset) --model resnet20 --log-gradient-norm", ["--log-gradient-norm", "batch normalisation"]),
      ] as [(String, [String])], [nil, 3])
    func whatDoesNotGoTogetherIsWrongUsage(wrong: (options: String, words: [String]), ranks: Int?) async throws {
      let workspace = try workspace()
      try workspace.write(CSVTests.table(CSVTests.rows).utf8, to: "table.csv")
      let outcome = try await workspace.run("--batch-size 4 --steps 2 --output run \(wrong.options)", ranks: ranks)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      for word in wrong.words {
        #expect(outcome.complaints.first?.contains(word) == true, "\(outcome.testDescription)")
      }
      #expect(try !workspace.entries().contains("run"))
    }

    static let faults = [
      DataFault("a record cut", in: "data_batch_3.bin", says: "record 7", "3072 of its 3073 bytes") {
        Array($0.dropLast())
      },
      DataFault("a label too high", in: "data_batch_5.bin", says: "label 10 of record 0", "10 classes") {
        [10] + $0.dropFirst()
      },
      DataFault("an empty file", in: "test_batch.bin", says: "no records") { _ in [] },
    ]

    @Test(arguments: faults, [nil, 3])
    func aDamagedFileIsSaidOnceByName(fault: DataFault, ranks: Int?) async throws {
      let workspace = try workspace()
      try fault.spoil(workspace)
      let outcome = try await workspace.run("\(Self.options) --output run", ranks: ranks)
      #expect(outcome.code == fault.code, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      for word in fault.message {
        #expect(outcome.complaints.first?.contains(word) == true, "\(outcome.testDescription)")
      }
      #expect(try !workspace.entries().contains("run"))
    }
  }
}
