import Testing

extension BuiltProgram {
  struct BenchTests {
    static let options = "bench --hidden 16 --batch-size 8 --interval 4 --steps 50 --samples 100"

    @Test(arguments: ["logreg", "mlp"], [nil, 1, 2])
    func oneLineOfJSONSaysHowFast(model: String, ranks: Int?) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("\(Self.options) --model \(model) --json", ranks: ranks)
      let report = try outcome.report()
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
      // An interval has no effect on psgd, and is refused.
      let options = method.contains("psgd") ? Self.options.replacing(" --interval 4", with: "") : Self.options
      let outcome = try await Workspace().run("\(options) \(method)", ranks: 2)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      for section in ProgressTests.sections { #expect(outcome.output.contains(section)) }
      #expect(outcome.output.contains("samples/s"))
    }

    @Test(arguments: ["--algorithm ad-psgd", "--algorithm scaffold --optimizer adamw"])
    func whatTrainingRefusesOrBenchCannotTimeIsRefused(method: String) async throws {
      let outcome = try await Workspace().run("\(Self.options) \(method)", ranks: 2)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
    }

    @Test(arguments: ["auto", "direct", "winograd", "blas"])
    func everyKernelOfConvolutionsCanBeMeasured(kernels: String) async throws {
      let outcome = try await Workspace().run(
        "bench --model cnn --convolution \(kernels) --batch-size 8 --steps 2 --samples 64 --json")
      let report = try outcome.report()
      #expect(report["model"] == .text("cnn"))
      #expect(try #require(report["samples_per_second"]?.number) > 0)
    }

    /// A convolution and its normalisation are one layer: 19 of these, a pooling and a dense layer.
    @Test(arguments: [nil, 2])
    func everyLayerHasALineOfItsOwn(ranks: Int?) async throws {
      let outcome = try await Workspace().run(
        "bench --model resnet20 --layer-times --batch-size 4 --steps 2 --convolution blas", ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.first?.contains(#/peak of a core: \d+\.\d GFLOP/s/#) == true, "\(outcome.testDescription)")
      let layers = lines.drop { !$0.hasPrefix("layer ") }.dropFirst().dropLast()
      let blocks = (1...3).flatMap { stage in (0..<3).map { "layer\(stage).\($0)" } }
      let convolutions = ["conv1, bn1"] + blocks.flatMap { ["\($0).conv1, \($0).bn1", "\($0).conv2, \($0).bn2"] }
      #expect(layers.count == 21, "\(outcome.testDescription)")
      for (line, name) in zip(layers, convolutions + ["avgpool", "fc"]) {
        #expect(line.hasPrefix("\(name) "), "\(line)")
        let cells = line.dropFirst(name.count).split(separator: " ")
        // A dense layer's kernels are those that suit the machine.
        let kernels = name == "fc" ? ["blas", "dots"] : name == "avgpool" ? nil : ["blas"]
        if let kernels { #expect(kernels.contains(String(cells.first ?? "")), "\(line)") }
        #expect(cells.compactMap { Double($0) }.count == (name == "avgpool" ? 2 : 6), "\(line)")
      }
      #expect(lines.last?.hasPrefix("total ") == true, "\(outcome.testDescription)")
    }
  }
}
