import Failures
import Foundation
import Records
import Testing

struct CheckpointTests {
  private let part = CheckpointPart(rank: 1, ranks: 3, layout: 0x1234_5678_9abc, state: Array("what a rank knows".utf8))

  private func written() throws -> (TemporaryFolder, CheckpointPart.Digest) {
    let folder = try TemporaryFolder()
    return (folder, try part.write(to: folder.path("part")))
  }

  private func read(_ folder: TemporaryFolder, _ digest: CheckpointPart.Digest) throws -> CheckpointPart {
    try CheckpointPart(reading: folder.path("part"), rank: 1, ranks: 3, expecting: digest)
  }

  @Test func aPartIsReadAsItWasWritten() throws {
    let (folder, digest) = try written()
    #expect(try read(folder, digest) == part)
    #expect(try folder.names == ["part"])
    #expect(digest.bytes == part.state.count)
  }

  @Test func theChecksumIsTheStandardOne() {
    // The check value of CRC-32/ISO-HDLC.
    let digest = CheckpointPart(rank: 0, ranks: 1, layout: 0, state: Array("123456789".utf8)).digest
    #expect(digest.crc32 == 0xcbf4_3926)
  }

  @Test func aPartThatIsCutAtAnyLengthIsRefused() throws {
    let (folder, digest) = try written()
    let whole = try folder.bytes("part")
    for length in 0..<whole.count {
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: folder.path("part")))
      let failure = #expect(throws: Failure.self) { try read(folder, digest) }
      #expect(failure?.code == .badData && failure?.message.contains(folder.path("part")) == true)
    }
    try (Data(whole) + Data([0])).write(to: URL(fileURLWithPath: folder.path("part")))
    #expect(throws: Failure.self) { try read(folder, digest) }
  }

  @Test func aPartWithAnyBitFlippedIsRefused() throws {
    let (folder, digest) = try written()
    let whole = Data(try folder.bytes("part"))
    for (place, bit) in whole.indices.flatMap({ place in [0, 3, 7].map { (place, $0) } }) {
      var damaged = whole
      damaged[place] ^= 1 << bit
      try damaged.write(to: URL(fileURLWithPath: folder.path("part")))
      #expect(throws: Failure.self, "byte \(place)") { try read(folder, digest) }
    }
  }

  @Test func aPartOfAnotherRankOrRunIsRefusedWithBothValues() throws {
    let (folder, digest) = try written()
    let cases = [
      (0, 3, digest, "is 1, expected 0"), (1, 4, digest, "is 3, expected 4"),
      (1, 3, CheckpointPart.Digest(bytes: 16, crc32: digest.crc32), "is 17, expected 16"),
      (1, 3, CheckpointPart.Digest(bytes: 17, crc32: 0x12), "expected 0x12"),
    ]
    for (rank, ranks, digest, words) in cases {
      let failure = #expect(throws: Failure.self) {
        try CheckpointPart(reading: folder.path("part"), rank: rank, ranks: ranks, expecting: digest)
      }
      #expect(failure?.code == .badData && failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }
  }

  // MARK: The folder

  private func manifest(_ step: Int) -> CheckpointManifest {
    CheckpointManifest(
      step: step, samples: 8 * step, conditions: ["--interval": "4", "ranks": "3"], logs: ConvergenceLog.Position(),
      parts: [part.digest], mean: part.digest)
  }

  private func save(_ step: Int, _ checkpoints: CheckpointFolder) throws {
    try checkpoints.begin(step: step)
    _ = try part.write(to: checkpoints.unfinished(step: step).part(of: 0))
    try checkpoints.complete(checkpoints.unfinished(step: step), manifest(step))
  }

  @Test func theLastTwoAreKeptTheNewestFirst() throws {
    let folder = try TemporaryFolder()
    let checkpoints = CheckpointFolder(of: folder.path("."))
    #expect(checkpoints.checkpoints.isEmpty)
    for (step, kept) in [(9, [9]), (10, [10, 9]), (100, [100, 10]), (1_000_000, [1_000_000, 100])] {
      try save(step, checkpoints)
      #expect(try checkpoints.checkpoints.map { try $0.manifest().step } == kept)
    }
    // A run that goes on from before it comes by once more.
    try save(1_000_000, checkpoints)
    #expect(try checkpoints.checkpoints.map { try $0.manifest() } == [manifest(1_000_000), manifest(100)])
    checkpoints.removeAll()
    #expect(try folder.names.isEmpty)
  }

  @Test func whatWasNotCompletedIsNoCheckpointAndIsRemoved() throws {
    let folder = try TemporaryFolder()
    let checkpoints = CheckpointFolder(of: folder.path("."))
    try save(5, checkpoints)
    try checkpoints.begin(step: 6)
    _ = try part.write(to: checkpoints.unfinished(step: 6).part(of: 0))
    #expect(try checkpoints.checkpoints.map { try $0.manifest().step } == [5])
    try save(7, checkpoints)
    #expect(try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).count == 2)
  }

  @Test func aDamagedManifestIsRefused() throws {
    let folder = try TemporaryFolder()
    let checkpoints = CheckpointFolder(of: folder.path("."))
    try save(5, checkpoints)
    let checkpoint = try #require(checkpoints.checkpoints.first)
    let path = checkpoint.path + "/manifest.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for damaged in [
      "", "{}", String(text.dropLast(5)), text.replacingOccurrences(of: "\"version\" : 1", with: "\"version\" : 2"),
    ] {
      try damaged.write(toFile: path, atomically: false, encoding: .utf8)
      let failure = #expect(throws: Failure.self) { try checkpoint.manifest() }
      #expect(failure?.code == .badData && failure?.message.contains(path) == true)
    }
  }

  @Test func differencesAreNamedWithBothValues() {
    #expect(manifest(1).differences(to: ["--interval": "4", "ranks": "3"]).isEmpty)
    #expect(
      manifest(1).differences(to: ["--interval": "8", "--seed": "1"]) == [
        "--interval: 4 then, 8 now", "--seed: not given then, 1 now", "ranks: 3 then, not given now",
      ])
  }

  @Test func logsGoOnWhereTheyWere() throws {
    let folder = try TemporaryFolder()
    let log = try ConvergenceLog(folder: folder.path("."), withIntervals: true)
    let append = { (log: ConvergenceLog, step: Int) in
      var row = ConvergenceRow()
      row.step = step
      try log.append(row, workers: [WorkerRow()], realised: [[step, 2]])
    }
    try append(log, 1)
    let position = try log.synchronize()
    let names = ["convergence.csv", "workers.csv", "intervals.csv"]
    try append(log, 2)
    let expected = try names.map { try folder.text($0) }
    try append(log, 3)
    let again = try ConvergenceLog(continuing: folder.path("."), from: position)
    try append(again, 2)
    #expect(try names.map { try folder.text($0) } == expected)
    try "".write(toFile: folder.path("workers.csv"), atomically: false, encoding: .utf8)
    let failure = #expect(throws: Failure.self) {
      try ConvergenceLog(continuing: folder.path("."), from: position)
    }
    #expect(failure?.code == .badData && failure?.message.contains("workers.csv") == true)
  }
}
