import Foundation
import Testing

/// A fresh folder that commands run in, removed with its owner. Its name has a space and a letter outside ASCII.
final class Workspace: Sendable {
  /// Data and a model so small that a run takes a moment.
  static let small = "--dataset synthetic:training=600,test=100,features=12,classes=3 --hidden 16"

  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/prsgd-mpi tést \(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Starts the program.
  ///
  /// - Parameters:
  ///   - options: separated by spaces.
  ///   - arguments: more of them, which may have spaces.
  ///   - ranks: to start under `mpirun`; none starts the program by itself.
  ///   - variables: to be set in its environment.
  func start(
    _ options: String, _ arguments: String..., ranks: Int? = nil, variables: [String: String] = [:]
  ) throws -> RunningCommand {
    try start(options, arguments, ranks: ranks, variables: variables)
  }

  /// Runs the program to its end; the parameters are those of `start`.
  /// - Throws: `RunningCommand.TookTooLong`.
  func run(
    _ options: String, _ arguments: String..., ranks: Int? = nil, variables: [String: String] = [:]
  ) async throws -> Outcome {
    try await start(options, arguments, ranks: ranks, variables: variables).outcome()
  }

  func run(_ options: String, _ arguments: [String], ranks: Int? = nil) async throws -> Outcome {
    try await start(options, arguments, ranks: ranks, variables: [:]).outcome()
  }

  private func start(
    _ options: String, _ arguments: [String], ranks: Int?, variables: [String: String]
  ) throws -> RunningCommand {
    let words = try [Tools.program()] + options.split(separator: " ").map(String.init) + arguments
    let launcher = try ranks.map { [try Tools.launcher(), "-np", "\($0)"] } ?? []
    let environment = Tools.environment.merging(variables) { $1 }
    return try RunningCommand(launcher + words, in: path, environment: environment)
  }

  /// The names of what lies in the folder, or in one inside it.
  func entries(of folder: String = ".") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
  }

  func bytes(of name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")) }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func write(_ script: some Sequence<UInt8>, executable name: String) throws {
    try write(script, to: name)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(path)/\(name)")
  }
}
