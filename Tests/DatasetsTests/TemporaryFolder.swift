import CZlib
import Foundation

/// A folder for a test's files, removed with its owner. Its name has what a path may have: spaces, commas, colons.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "datasets test, ü: \(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }
}

/// `bytes` in the format of gzip.
func gzipped(_ bytes: [UInt8]) throws -> [UInt8] {
  let folder = try TemporaryFolder()
  let file = gzopen("\(folder.path)/file", "wb9")
  _ = bytes.withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32($0.count)) }
  gzclose_w(file)
  return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/file")))
}
