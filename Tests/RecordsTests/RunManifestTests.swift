import Foundation
import Records
import Testing

struct RunManifestTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Contents: Decodable {
    let options: [String: OptionValue]
  }

  @Test func optionsReadBackAreTheSame() throws {
    let manifest = manifest
    try manifest.write(to: folder.path("run.json"))
    let contents = try JSONDecoder().decode(Contents.self, from: Data(try folder.bytes("run.json")))
    #expect(contents.options == manifest.options)
  }

  @Test func groupsAndNamesAreThoseOfTheFileFormat() throws {
    var manifest = manifest
    manifest.result = .init(row)
    try manifest.write(to: folder.path("run.json"))
    let json = try folder.json("run.json")
    #expect(Set(json.keys) == ["program", "machine", "started", "options", "problem", "result"])
    func keys(_ group: String) -> Set<String>? { (json[group] as? [String: Any]).map { Set($0.keys) } }
    #expect(keys("program") == ["name", "version", "revision", "march", "vector_bits"])
    #expect(
      keys("machine") == ["mpi", "blas", "blas_kernel", "blas_threads", "processor", "ranks", "hosts"])
    #expect(
      keys("problem") == [
        "training_samples", "test_samples", "evaluated_training_samples", "features", "classes", "parameters", "steps",
        "steps_per_epoch", "shards",
      ])
    #expect(
      keys("result") == [
        "train_loss", "train_accuracy", "test_loss", "test_accuracy", "elapsed_seconds", "samples_per_second",
      ])
    // Options keep the names of the command line.
    #expect(keys("options") == Set(manifest.options.keys))
    #expect(json["started"] as? String == "2026-01-02T03:04:05+0000")
    #expect((json["machine"] as? [String: Any])?["hosts"] as? [String] == ["a", "b"])
    #expect((json["problem"] as? [String: Any])?["shards"] as? [Int] == [51, 49])
    #expect((json["result"] as? [String: Any])?["samples_per_second"] as? Double == 200)
  }

  @Test func aRunUnderWayHasNoResult() throws {
    try manifest.write(to: folder.path("run.json"))
    #expect(try folder.json("run.json")["result"] == nil)
  }

  @Test func aRunWithoutATestSetHasNoTestResult() throws {
    var (manifest, row) = (manifest, row)
    (row.testLoss, row.testAccuracy) = (nil, nil)
    manifest.result = .init(row)
    try manifest.write(to: folder.path("run.json"))
    let result = try #require(try folder.json("run.json")["result"] as? [String: Any])
    #expect(Set(result.keys) == ["train_loss", "train_accuracy", "elapsed_seconds", "samples_per_second"])
  }

  @Test func numbersThatJSONLacksAreText() throws {
    var (manifest, row) = (manifest, row)
    (row.trainLoss, row.testLoss) = (.nan, .infinity)
    manifest.result = .init(row)
    manifest.options["rate"] = .number(-.infinity)
    try manifest.write(to: folder.path("run.json"))
    let json = try folder.json("run.json")
    let result = try #require(json["result"] as? [String: Any])
    #expect(result["train_loss"] as? String == "nan" && result["test_loss"] as? String == "inf")
    #expect((json["options"] as? [String: Any])?["rate"] as? String == "-inf")
  }

  @Test func theFileIsTextThatEndsWithALine() throws {
    let manifest = manifest
    try manifest.write(to: folder.path("run.json"))
    let first = try folder.text("run.json")
    #expect(first.hasPrefix("{\n") && first.hasSuffix("\n}\n"))
    #expect(first.contains("\"idx:/data/ü, 1\""))
    // Sorted: the same manifest gives the same bytes.
    try manifest.write(to: folder.path("run.json"))
    #expect(try folder.text("run.json") == first)
    #expect(try folder.names == ["run.json"])
  }

  @Test func aManifestIsReplacedOnlyByAWholeOne() throws {
    try folder.write("old", to: "run.json")
    try folder.makeFullDevice("run.json.partial")
    try expectFailure(naming: folder.path("run.json"), "No space left on device") {
      try manifest.write(to: folder.path("run.json"))
    }
    #expect(try folder.text("run.json") == "old")
  }

  private var manifest: RunManifest {
    RunManifest(
      program: .init(name: "prsgd-mpi", version: "0.1.0", revision: "abc-dirty", march: "native", vectorBits: 512),
      machine: .init(
        mpi: "Open MPI 4.1.4", blas: "OpenBLAS 0.3.21", blasKernel: "SkylakeX", blasThreads: 1, processor: "x",
        ranks: 2, hosts: ["a", "b"]),
      started: "2026-01-02T03:04:05+0000",
      options: [
        "dataset": .text("idx:/data/ü, 1"), "learning-rate": .number(0.05), "momentumPolicy": .text("average"),
        "interval": .integer(8), "overlap": .flag(true), "seed": .integer(.max), "weight-decay": .number(1e-300),
        "quoted": .text("a \"b\"\\\n\u{1}"), "empty": .text(""), "digits": .text("12"), "word": .text("true"),
      ],
      problem: .init(
        trainingSamples: 100, testSamples: 10, evaluatedTrainingSamples: 20, features: 784, classes: 10,
        parameters: 7850, steps: 5, stepsPerEpoch: 2, shards: [51, 49]))
  }

  private var row: ConvergenceRow {
    var row = ConvergenceRow()
    (row.trainLoss, row.trainAccuracy, row.testLoss, row.testAccuracy) = (0.5, 0.875, 0.625, 0.75)
    (row.samples, row.elapsedSeconds) = (100, 0.5)
    return row
  }
}

struct OptionValueTests {
  private static let values: [OptionValue] = [
    .flag(true), .flag(false), .integer(0), .integer(1), .integer(-7), .integer(.max), .integer(.min), .number(0.1),
    .number(-1.5e-300), .number(.leastNonzeroMagnitude), .number(.greatestFiniteMagnitude), .text(""),
    .text("full"), .text("1"), .text("true"), .text("0.5"), .text("ü \"\\/\n"),
  ]

  @Test(arguments: values)
  func aValueReadBackIsTheSame(value: OptionValue) throws {
    #expect(try JSONDecoder().decode([OptionValue].self, from: JSONEncoder().encode([value])) == [value])
  }

  /// JSON does not tell 1.0 from 1: on a command line both are the same.
  @Test func aWholeNumberReadBackIsOfTheSameValue() throws {
    for number in [0.0, 1, -3, 1e15] {
      let data = try JSONEncoder().encode([OptionValue.number(number)])
      let value = try JSONDecoder().decode([OptionValue].self, from: data)[0]
      #expect(value == .number(number) || value == .integer(Int(number)))
    }
  }

  @Test(arguments: ["null", "[1]", "{}"])
  func whatIsNoValueIsRefused(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([OptionValue].self, from: Data("[\(json)]".utf8)) }
  }
}
