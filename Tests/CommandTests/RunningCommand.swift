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
  let processIdentifier: pid_t

  /// What `waitpid` has said of its end.
  private var status: Int32?
  /// Where the command's output goes, for pipes that nobody reads would fill, and what Open MPI makes. Jobs side by side
  /// would share its session folder, and now and then fail for that; memory that ranks share, the killed leave behind.
  private let folder: String
  private var streams: (output: String, errors: String) { ("\(folder)/out", "\(folder)/err") }

  init(_ command: [String], in workingFolder: String, environment: [String: String]) throws {
    self.command = command
    folder = NSTemporaryDirectory() + "/job-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let folders = ["OMPI_MCA_orte_tmpdir_base": folder, "OMPI_MCA_btl_vader_backing_directory": folder]
    processIdentifier = try spawn(
      command, in: workingFolder, environment: environment.merging(folders) { $1 }, output: "\(folder)/out",
      errors: "\(folder)/err")
  }

  deinit {
    if !hasEnded { killAll() }
    // A helper of Open MPI outlives a process without a launcher by a moment, in which it removes files here too: what
    // it takes away meanwhile is an error at first.
    for _ in 0..<100 where FileManager.default.fileExists(atPath: folder) {
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  /// Waits for the end.
  func outcome() async throws -> Outcome {
    try await wait("the end of the command") { hasEnded }
    // The low seven bits are the signal that ended it, the byte above them its exit code.
    let (signal, code) = (status! & 0x7f, status! >> 8 & 0xff)
    return Outcome(
      command: command, code: signal > 0 ? 128 + signal : code,
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

  /// What was said so far on standard output.
  func output() throws -> String { try Self.text(streams.output) }

  /// What was said so far on standard error.
  func errors() throws -> String { try Self.text(streams.errors) }

  func send(signal: Int32) { kill(processIdentifier, signal) }

  var hasEnded: Bool {
    var status: Int32 = 0
    if self.status == nil, waitpid(processIdentifier, &status, WNOHANG) == processIdentifier { self.status = status }
    return self.status != nil
  }

  private func killAll() {
    let everyone = [processIdentifier] + RunningProcess.descendants(of: processIdentifier)
    for process in everyone {
      // A launcher gives each rank a group of its own, which what it started belongs to.
      if getpgid(process) == process { kill(-process, SIGKILL) }
      kill(process, SIGKILL)
    }
    var status: Int32 = 0
    if waitpid(processIdentifier, &status, 0) == processIdentifier { self.status = status }
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }
}

/// Starts a command as a shell does: a process inherits what signals are blocked and ignored from the one that starts it, and
/// here that is one of a pool of threads that block all.
/// - Throws: `Tools.NotFound` where it cannot be started.
private func spawn(
  _ command: [String], in folder: String, environment: [String: String], output: String, errors: String
) throws -> pid_t {
  var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
  posix_spawn_file_actions_init(&actions)
  posix_spawnattr_init(&attributes)
  defer {
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
  }
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
  for (stream, path) in [(STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
    posix_spawn_file_actions_addopen(&actions, stream, path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  }
  var (none, all) = (sigset_t(), sigset_t())
  sigemptyset(&none)
  sigfillset(&all)
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &all)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
  // `env` becomes the command.
  let whole = ["/usr/bin/env", "--chdir=\(folder)"] + command
  var arguments = whole.map { strdup($0) } + [nil]
  var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
  defer { for text in arguments + variables { free(text) } }
  var process: pid_t = 0
  let code = posix_spawn(&process, whole[0], &actions, &attributes, &arguments, &variables)
  guard code == 0 else { throw Tools.NotFound(description: "\(whole[0]): \(String(cString: strerror(code)))") }
  return process
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
