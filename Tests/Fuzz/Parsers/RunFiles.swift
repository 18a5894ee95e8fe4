import CZlib
import Failures
import Persistence
import Records
import Training

extension FuzzedParser {
  /// A `run.json`.
  static let configuration = FuzzedParser("configuration") { bytes, _ in
    _ = try RunOptions.parse(String(decoding: bytes, as: UTF8.self), name: "run.json")
  }

  /// A byte: how many workers; then an `intervals.csv`.
  static let intervals = FuzzedParser("intervals") { bytes, _ in
    let workers = 1 + Int(bytes.first ?? 0) % 4
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    let rounds = try IntervalLog.parse(text, name: "intervals.csv", workers: workers)
    precondition(rounds.allSatisfy { $0.count == workers && $0.allSatisfy { $0 >= 0 } })
  }

  /// A rank's part of a checkpoint as it is, then with checksums and size that fit; then the bytes as the state in one.
  static let checkpointPart = FuzzedParser("checkpoint-part") { bytes, folder in
    try attempt { try read(bytes, in: folder) }
    if bytes.count >= 48 { try attempt { try read(withRightSums(bytes), in: folder) } }
    var visitor = StateVisitor(reading: bytes)
    var (number, integers, floats) = (0, [1], [Float(0)])
    try visitor.visit(&number)
    try visitor.visit(&integers)
    try visitor.visit(&floats)
    try visitor.finish()
  }

  private static func read(_ bytes: [UInt8], in folder: borrowing ScratchFolder) throws {
    let digest = CheckpointPart.Digest(bytes: max(0, bytes.count - 48), crc32: checksum(bytes.dropFirst(48)))
    _ = try CheckpointPart(reading: folder.write(bytes, to: "part"), rank: 1, ranks: 3, expecting: digest)
  }

  private static func withRightSums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    func put(_ value: some FixedWidthInteger, at place: Int) {
      withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(place..<place + $0.count, with: $0) }
    }
    put(checksum(bytes[48...]), at: 20)
    put(UInt64(bytes.count - 48), at: 32)
    put(checksum(bytes[..<44]), at: 44)
    return bytes
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
  }

  /// The `manifest.json` of a checkpoint.
  static let checkpointManifest = FuzzedParser("checkpoint-manifest") { bytes, folder in
    _ = folder.makeFolder("checkpoints")
    _ = folder.makeFolder("checkpoints/step-000000000001")
    _ = folder.write(bytes, to: "checkpoints/step-000000000001/manifest.json")
    let manifest = try CheckpointFolder(of: folder.path).checkpoints[0].manifest()
    _ = manifest.differences(to: ["ranks": "2"])
    for log in ["convergence.csv", "workers.csv", "intervals.csv"] { _ = folder.write(Array("step\n".utf8), to: log) }
    let log = try ConvergenceLog(continuing: folder.path, from: manifest.logs)
    try log.append(ConvergenceRow(), workers: [WorkerRow()], realised: [[1]])
  }

  /// A saved model.
  static let safetensors = FuzzedParser("safetensors") { bytes, folder in
    let file = try SafeTensorsFile(reading: folder.write(bytes, to: "model.safetensors"))
    precondition(file.tensors.allSatisfy { $1.shape.reduce(1, *) == $1.numbers.count })
    _ = try ModelDescription(file.metadata, of: file.path)
  }
}
