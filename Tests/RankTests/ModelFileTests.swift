import Datasets
import Failures
import Glibc
import Kernels
import MessagePassing
import Models
import Records
import Testing
import Training

extension RankTests {
  /// Saved models: what they say of themselves, how they are read, and what they are worth.
  @Suite(.serialized) @MainActor
  struct ModelFileTests {
    let world = World.communicator

    /// Samples of two channels, 3x2, in three classes.
    private func shard(_ samples: Int) -> Shard {
      let format = SampleFormat(channels: 2, height: 3, width: 2, classCount: 3, encoding: .byte)
      let shard = Shard(capacity: samples, format: format)
      var random = RandomSource(seed: 3, purpose: .benchmark)
      for index in 0..<samples {
        let pixels = (0..<12).map { UInt8($0 < 6 ? 0 : 40) + UInt8(random.nextIndex(below: 200)) }
        shard.append(pixels, label: Int32(index % 3))
      }
      return shard
    }

    private func description(_ normalization: Normalization) -> ModelDescription {
      let shard = shard(50)
      return ModelDescription(
        options: ["model": "mlp", "hidden": "40,33"], format: shard.format, normalization: normalization,
        moments: ChannelMoments(shard))
    }

    // MARK: Description

    @Test(arguments: Normalization.allCases)
    func metadataSayAllOfADescription(normalization: Normalization) throws {
      let description = description(normalization)
      var metadata = description.metadata
      #expect((metadata["channels"], metadata["height"]) == ("2", "3"))
      #expect((metadata["width"], metadata["classes"]) == ("2", "3"))
      #expect((metadata["means"] != nil) == (normalization == .standard))
      metadata["format"] = "pt"
      #expect(try ModelDescription(metadata, of: "file") == description)
    }

    @Test(arguments: Normalization.allCases)
    func samplesArePreparedToTheBitsOfTraining(normalization: Normalization) throws {
      let (trained, evaluated) = (shard(50), shard(50))
      let moments = ChannelMoments(trained)
      normalization.apply(to: trained, moments: moments)
      try ModelDescription(description(normalization).metadata, of: "file").prepare(evaluated)
      #expect(trained.features.elements.map(\.bitPattern) == evaluated.features.elements.map(\.bitPattern))
    }

    @Test func metadataThatCannotBeAreRefusedByName() {
      let damages: [(String, String?)] = [
        ("model", nil), ("channels", nil), ("classes", "many"), ("height", "0"), ("width", "-3"),
        ("height", "9999999999"), ("normalize", "pixels"), ("normalize", nil), ("means", nil), ("means", "1"),
        ("means", "1,2,3"), ("means", "1,x"), ("means", "1,nan"), ("deviations", "1,0"), ("deviations", "inf,1"),
        ("columns", "{}"), ("columns", #"{"columns":[{"kind":"label","words":["a"]}],"missing":"mean"}"#),
      ]
      for (name, value) in damages {
        var metadata = description(.standard).metadata
        metadata[name] = value
        let failure = #expect(throws: Failure.self) { _ = try ModelDescription(metadata, of: "the/file") }
        #expect(failure?.code == .badData)
        #expect(failure?.message.hasPrefix("the/file: ") == true)
        #expect(failure?.message.contains(name) == true, "\(name): \(failure?.message ?? "")")
      }
    }

    // MARK: Tensors

    private let tensors = [
      ParameterTensor(name: "weight", shape: [3, 2], offset: 0) { $0 % 2 * 3 + $0 / 2 },
      ParameterTensor(name: "bias", shape: [3], offset: 6),
    ]

    /// A file that rank 0 writes, of parameters 0, 1, 2, … and a tensor with memory of its own.
    private func withFile(_ body: (String, [PlacedTensor]) throws -> Void) throws {
      let path = "/tmp/prsgd-mpi-\(try world.broadcast([Int64(getpid())])[0]).safetensors"
      let parameters = ParameterVector(count: 9)
      for index in 0..<9 { parameters.pointer[index] = Float(index) }
      let statistics = AlignedBuffer<Float>([7, 8] as [Float])
      let placed =
        tensors.map { PlacedTensor($0, base: parameters.pointer) }
        + [PlacedTensor(ParameterTensor(name: "running", shape: [2], offset: 0), base: statistics.pointer)]
      try world.agree {
        guard world.isRoot else { return }
        try SafeTensors.write(placed.map(\.saved), metadata: description(.standard).metadata, to: path)
      }
      defer { if world.isRoot { unlink(path) } }
      try body(path, placed)
    }

    @Test func everyRankGetsWhatRankZeroRead() throws {
      try withFile { path, placed in
        let file = try ModelFile(reading: path, world)
        #expect(try file.description() == description(.standard))
        try file.check(holds: placed.map(\.tensor))
        for tensor in placed { (tensor.base + tensor.tensor.offset).update(repeating: -1, count: tensor.tensor.count) }
        try file.load(into: placed)
        #expect((0..<9).map { placed[0].base[$0] } == (0..<9).map(Float.init))
        #expect([placed[2].base[0], placed[2].base[1]] == [7, 8])
      }
    }

    @Test func otherTensorsThanTheFilesAreNamedOnAllRanks() throws {
      try withFile { path, placed in
        let file = try ModelFile(reading: path, world)
        let own = placed.map(\.tensor)
        let cases: [([ParameterTensor], String)] = [
          (own + [ParameterTensor(name: "gain", shape: [1], offset: 0)], "has no tensor 'gain'"),
          (Array(own.dropLast()), "has a tensor 'running'"),
          (
            own.dropLast() + [ParameterTensor(name: "running", shape: [2, 1], offset: 0)],
            "'running' is [2], where its model wants [2, 1]"
          ),
        ]
        for (tensors, message) in cases {
          let failure = #expect(throws: AgreedFailure.self) { try file.check(holds: tensors) }
          #expect(failure?.failure.code == .badData)
          #expect(failure?.failure.message.hasPrefix("\(path): ") == true)
          #expect(failure?.failure.message.contains(message) == true, "\(failure?.failure.message ?? "")")
        }
      }
    }

    @Test func aFileThatIsNotThereIsAFailureOfAllRanks() {
      let failure = #expect(throws: AgreedFailure.self) { _ = try ModelFile(reading: "/none/model", world) }
      #expect(failure?.failure.code == .inputOutput)
    }

    // MARK: Evaluation

    /// One sample at a time, against all ranks together in pieces.
    @Test func anEvaluationIsThatOfEachSampleAlone() throws {
      let scenario = Scenario(piece: 7)
      let whole = try scenario.shard(World.alone)
      let network = scenario.network(whole)
      let parameters = ParameterVector(count: network.parameterCount)
      network.initialize(parameters, seed: 5)
      var loss = 0.0
      var counts = [Int](repeating: 0, count: 9)
      for index in 0..<whole.count {
        let sample = Matrix(whole.row(index), rows: 1, columns: 12)
        loss += try network.evaluate(parameters, sample, labels: [whole.labels[index]]).loss
        let predicted = try (0..<3).filter { label in
          try network.evaluate(parameters, sample, labels: [Int32(label)]).correct == 1
        }
        #expect(predicted.count == 1)
        counts[Int(whole.labels[index]) * 3 + predicted[0]] += 1
      }
      let own = try ShardDistribution(world).distributeEvenly { try scenario.reader(.training) }
      let evaluation = try ModelEvaluation(network, parameters, on: own, world)
      #expect(evaluation.samples == 210)
      #expect(abs(evaluation.loss - loss / 210) < 1e-6)
      #expect(evaluation.confusion.counts == counts.map(Int64.init))
      #expect(evaluation.accuracy == Double(counts[0] + counts[4] + counts[8]) / 210)
      let table = evaluation.confusion
      for label in 0..<3 { #expect(table.samples(of: label) == counts[3 * label..<3 * label + 3].reduce(0, +)) }
      let errors = [1, 2, 3, 5, 6, 7].map { counts[$0] }.filter { $0 > 0 }.sorted(by: >)
      #expect(table.mostConfused(2).map { table[$0.label, $0.predicted] } == Array(errors.prefix(2)))
    }
  }
}
