import Foundation
import Testing

/// What a command left behind.
struct Outcome: Sendable, CustomTestStringConvertible {
  let command: [String]
  /// Its exit code; of a command that a signal ended, 128 and the signal's number, as shells have it.
  let code: Int32
  let output: String
  let errors: String

  /// Lines of standard error in which the program complains. The launcher's own words do not count, nor do the program's
  /// notes, which depend on the machine: on its cores, or its vectors.
  var complaints: [String] {
    errors.split(separator: "\n").map(String.init).filter { line in
      line.hasPrefix("Error: ") || line.hasPrefix("prsgd-mpi: ") && !line.hasPrefix("prsgd-mpi: note: ")
    }
  }

  var testDescription: String {
    "\(command.joined(separator: " ")) → exit code \(code)\n-- stdout:\n\(output)\n-- stderr:\n\(errors)"
  }
}

/// A command that was started. Whatever becomes of its owner, nothing that it started outlives it.
final class RunningCommand {
  struct TookTooLong: Error, CustomStringConvertible {
    let description: String
  }

  /// Longer than any command here should take by far: a hang, and nothing else, reaches it.
  static let limit = Duration.seconds(600)

  let command: [String]
  var processIdentifier: pid_t { process.processIdentifier }

  private let process = Process()
  /// Where the command's output goes, for pipes that nobody reads would fill, and what Open MPI makes. Jobs side by side
  /// would share its session folder, and now and then fail for that; memory that ranks share, the killed leave behind.
  private let folder: String
  private var streams: (output: String, errors: String) { ("\(folder)/out", "\(folder)/err") }

  init(_ command: [String], in workingFolder: String, environment: [String: String]) throws {
    self.command = command
    folder = NSTemporaryDirectory() + "/job-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: workingFolder)
    let folders = ["OMPI_MCA_orte_tmpdir_base": folder, "OMPI_MCA_btl_vader_backing_directory": folder]
    process.environment = environment.merging(folders) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Self.file(streams.output)
    process.standardError = try Self.file(streams.errors)
    try withSignalsAsAShellLeavesThem { try process.run() }
  }

  deinit {
    if process.isRunning { killAll() }
    // A helper of Open MPI outlives a process without a launcher by a moment, in which it removes files here too: what
    // it takes away meanwhile is an error at first.
    for _ in 0..<100 where FileManager.default.fileExists(atPath: folder) {
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  /// Waits for the end.
  func outcome() async throws -> Outcome {
    try await wait("the end of the command") { !process.isRunning }
    let signalled = process.terminationReason == .uncaughtSignal
    return Outcome(
      command: command, code: (signalled ? 128 : 0) + process.terminationStatus,
      output: try Self.text(streams.output), errors: try Self.text(streams.errors))
  }

  /// Waits until `condition` holds.
  /// - Throws: `TookTooLong` at the limit; the command and all that it started were killed then.
  func wait(_ what: String, until condition: () throws -> Bool) async throws {
    let start = ContinuousClock.now
    while try !condition() {
      guard ContinuousClock.now - start < Self.limit else {
        killAll()
        let said = try Self.text(streams.output) + Self.text(streams.errors)
        throw TookTooLong(
          description: "\(command.joined(separator: " ")): waited \(Self.limit) for \(what); it said:\n\(said)")
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// What was said so far on standard error.
  func errors() throws -> String { try Self.text(streams.errors) }

  func send(signal: Int32) { kill(process.processIdentifier, signal) }

  private func killAll() {
    let everyone = [process.processIdentifier] + RunningProcess.descendants(of: process.processIdentifier)
    for process in everyone {
      // A launcher gives each rank a group of its own, which what it started belongs to.
      if getpgid(process) == process { kill(-process, SIGKILL) }
      kill(process, SIGKILL)
    }
    process.waitUntilExit()
  }

  private static func file(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }
}

/// Does `body` on a thread that blocks no signal and ignores no interrupt: a process inherits both from the one that
/// starts it, and here that is one of a pool of threads that block all.
private func withSignalsAsAShellLeavesThem(_ body: () throws -> Void) rethrows {
  var none = sigset_t()
  var mask = sigset_t()
  sigemptyset(&none)
  pthread_sigmask(SIG_SETMASK, &none, &mask)
  let interrupt = signal(SIGINT, SIG_DFL)
  defer {
    signal(SIGINT, interrupt)
    pthread_sigmask(SIG_SETMASK, &mask, nil)
  }
  try body()
}

/// What the system knows of processes.
enum RunningProcess {
  /// All that `process` started, and that those started.
  static func descendants(of process: pid_t) -> [pid_t] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    let children = tasks.flatMap { task in
      ((try? String(contentsOfFile: "/proc/\(process)/task/\(task)/children", encoding: .utf8)) ?? "")
        .split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
    }
    return children.flatMap { [$0] + descendants(of: $0) }
  }

  /// The program that a process runs; none of one that ended.
  static func program(of process: pid_t) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
  }
}
