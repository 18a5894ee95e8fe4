import Foundation
import Testing

/// What can be wrong with the files of a dataset.
struct DataFault: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let code: Int32
  /// What the message must say.
  let message: [String]
  let spoil: @Sendable (Workspace) throws -> Void

  init(
    _ description: String, _ code: Int32, says message: String...,
    spoil: @escaping @Sendable (Workspace) throws -> Void
  ) {
    (testDescription, self.code, self.message, self.spoil) = (description, code, message, spoil)
  }

  /// One whose file `name` is changed.
  init(
    _ description: String, in name: String, says message: String...,
    change: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    (testDescription, code, self.message) = (description, 65, [name] + message)
    spoil = { try $0.write(change([UInt8]($0.bytes(of: "data/\(name)"))), to: "data/\(name)") }
  }

  static let all =
    [
      DataFault("no folder", 74, says: "data") { try $0.remove("data") },
      DataFault("a file in the folder's place", 74, says: "data") {
        try $0.remove("data")
        try $0.write([1], to: "data")
      },
    ]
    + IDXFolder.names.map { name in
      DataFault("no \(name)", 74, says: "data", name) { try $0.remove("data/\(name)") }
    }
    + IDXFolder.names.flatMap { name in
      [
        DataFault("\(name) cut", in: name) { Array($0.dropLast()) },
        DataFault("\(name) cut in its header", in: name) { Array($0.prefix(6)) },
        DataFault("\(name) empty", in: name) { _ in [] },
      ]
    }
    + [
      DataFault("no IDX file", in: "train-images-idx3-ubyte", says: "IDX") { [0x50] + $0 },
      DataFault("more than promised", in: "train-images-idx3-ubyte") { $0 + [0] },
      DataFault("a promise beyond all memory", in: "train-images-idx3-ubyte") {
        $0.prefix(4) + [UInt8](repeating: 0xFF, count: 12) + $0.dropFirst(16)
      },
      DataFault("one class only", in: "train-labels-idx1-ubyte", says: "two classes") {
        $0.prefix(8) + [UInt8](repeating: 0, count: $0.count - 8)
      },
      DataFault("more labels than images", in: "train-labels-idx1-ubyte", says: "41") { _ in IDXFolder.labels(41) },
      DataFault("fewer labels than images", in: "t10k-labels-idx1-ubyte", says: "9") { _ in IDXFolder.labels(9) },
      DataFault("a test label that training has not", in: "t10k-labels-idx1-ubyte", says: "200") {
        $0.dropLast() + [200]
      },
      DataFault("test images of another shape", 65, says: "shape") {
        try $0.write(IDXFolder.images(10, height: 3, width: 3), to: "data/t10k-images-idx3-ubyte")
      },
    ]
}

extension Workspace {
  fileprivate func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
}

extension BuiltProgram {
  struct BadDataTests {
    static let options = "--quiet --dataset idx:data --hidden 8 --batch-size 4 --steps 5 --output run"

    @Test(arguments: [nil, 1, 3])
    func soundFilesAreTrainedOn(ranks: Int?) async throws {
      let workspace = try Workspace()
      try IDXFolder.write(to: "data", in: workspace)
      let outcome = try await workspace.run(Self.options, ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.entries(of: "run") == Workspace.runFiles)
    }

    @Test(arguments: DataFault.all)
    func isSaidOnceByName(fault: DataFault) async throws {
      let workspace = try Workspace()
      try IDXFolder.write(to: "data", in: workspace)
      try fault.spoil(workspace)
      async let alone = workspace.run(Self.options)
      async let together = workspace.run(Self.options, ranks: 3)
      for outcome in try await [alone, together] {
        #expect(outcome.code == fault.code, "\(outcome.testDescription)")
        #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
        let complaint = try #require(outcome.complaints.first)
        for word in fault.message { #expect(complaint.contains(word), "\(outcome.testDescription)") }
      }
      #expect(try !workspace.entries().contains("run"))
    }

    @Test(
      arguments: [
        ("--dataset synthetic:training=2,test=9,features=5,classes=2 --batch-size 1", 3, ["2", "3"]),
        ("--dataset synthetic:training=20,test=9,features=5,classes=2 --batch-size 21", nil, ["--batch-size", "21"]),
        // The shards have 34, 33 and 33 samples: rank 0 has no reason to complain.
        ("--dataset synthetic:training=100,test=9,features=5,classes=2 --batch-size 34", 3, ["rank 1", "34", "33"]),
      ] as [(String, Int?, [String])])
    func tooFewSamplesAreWrongUsage(options: String, ranks: Int?, words: [String]) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("--hidden 8 --steps 5 --output run \(options)", ranks: ranks)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      for word in words { #expect(outcome.complaints.first?.contains(word) == true, "\(outcome.testDescription)") }
      #expect(try workspace.entries().isEmpty)
    }

    @Test func asManyWorkersAsSamplesWork() async throws {
      let workspace = try Workspace()
      let dataset = "--dataset synthetic:training=3,test=9,features=5,classes=2"
      let outcome = try await workspace.run("\(dataset) --batch-size 1 --hidden 8 --steps 5 --output run", ranks: 3)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.manifest("run", "problem")["shards"] == .list([.number(1), .number(1), .number(1)]))
    }
  }
}
