import ArgumentParser
import Failures
import Glibc
import MessagePassing
import Records

/// Takes the program from its arguments to its exit code.
enum Launcher {
  private static let environment = LauncherEnvironment.current
  /// Whether this process speaks where all would say the same and MPI is not started.
  private static var isFirst: Bool { (environment.rank ?? 0) == 0 }

  static func run(_ arguments: [String]) -> Never {
    do {
      try refuseOtherEncodings()
      var command = try PrsgdMPI.parseAsRoot(try ConfigurationFile.expand(arguments))
      if let command = command as? any ParallelCommand { runInParallel(.success(command)) }
      runOnce { try command.run() }
    } catch {
      // Help and a version are thrown too.
      if PrsgdMPI.exitCode(for: error) == .success { runOnce { throw error } }
      let failure = Failure(refusing: error)
      // Of several ranks none may end with a code before all are there: mpirun of Open MPI 4.1 that loses one while it
      // is starting others can signal itself, and then hangs or ends with a code of its own.
      if (environment.size ?? 1) > 1 { runInParallel(.failure(failure)) }
      refuse(failure)
    }
  }

  /// A name that is no UTF-8 would become another one.
  private static func refuseOtherEncodings() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil else { continue }
      throw Failure(.usage, "argument \(index), \"\(String(cString: bytes))\", is no text in UTF-8")
    }
  }

  /// Does on one rank what needs no MPI; the others have nothing to do.
  private static func runOnce(_ body: () throws -> Void) -> Never {
    do {
      if isFirst { try body() }
    } catch {
      guard PrsgdMPI.exitCode(for: error) == .success else { refuse(Failure(refusing: error)) }
      StandardStream.output.write(PrsgdMPI.fullMessage(for: error) + "\n")
    }
    done()
  }

  /// Ends a process that did its work, and could say so.
  private static func done() -> Never {
    guard let reason = StandardStream.outputFailure else { exit(ExitCode.done.rawValue) }
    say("prsgd-mpi", "cannot write standard output: \(reason)")
    exit(ExitCode.inputOutput.rawValue)
  }

  private static func refuse(_ failure: Failure) -> Never {
    say("Error", failure.message)
    exit(failure.code.rawValue)
  }

  /// - Parameter command: what this rank has made of its arguments, before MPI was started.
  private static func runInParallel(_ command: Result<any ParallelCommand, Failure>) -> Never {
    do {
      let communicator = try MPIRuntime.initialize()
      do {
        try refuseSingletons(communicator)
        try BuildComparison.refuseDifferent(communicator)
        var command = try agree(on: command, communicator)
        try command.run(on: communicator)
        MPIRuntime.finalize()
        done()
      } catch let error as AgreedFailure {
        end(communicator, error, label: "prsgd-mpi")
      } catch {
        say("prsgd-mpi", "rank \(communicator.rank): \(error)")
        MPIRuntime.abort(code: (error as? Failure)?.code.rawValue ?? ExitCode.internal.rawValue)
      }
    } catch {
      say("prsgd-mpi", "\(error)")
      exit(ExitCode.internal.rawValue)
    }
  }

  /// Ranks may have arguments of their own, or one alone cannot read a file that they name.
  private static func agree(
    on command: Result<any ParallelCommand, Failure>, _ communicator: Communicator
  ) throws -> any ParallelCommand {
    do {
      return try communicator.agree { try command.get() }
    } catch let error as AgreedFailure {
      end(communicator, error, label: "Error")
    }
  }

  private static func end(_ communicator: Communicator, _ error: AgreedFailure, label: String) -> Never {
    if communicator.isRoot { say(label, error.rank == 0 ? "\(error)" : "rank \(error.rank): \(error)") }
    MPIRuntime.finalize()
    exit(error.failure.code.rawValue)
  }

  /// A launcher of another MPI than this program's starts processes that do not find each other, and each would train
  /// by itself.
  private static func refuseSingletons(_ communicator: Communicator) throws {
    guard communicator.size == 1, let size = environment.size, size > 1 else { return }
    // A code would have a launcher end the others, maybe before the first has spoken.
    guard isFirst else { exit(ExitCode.done.rawValue) }
    let failure = Failure(
      .usage,
      "\(environment.launcher!) started \(size) processes, but each is alone in its MPI job: this program uses "
        + "\(MPIRuntime.libraryVersion), so use that library's mpirun, or srun --mpi=pmix with Open MPI")
    throw AgreedFailure(failure, rank: 0)
  }

  private static func say(_ label: String, _ message: String) {
    StandardStream.error.write("\(label): \(message)\n")
  }
}

extension Failure {
  /// What is wrong with arguments, by a message that follows "Error: ".
  fileprivate init(refusing error: any Error) {
    if let failure = error as? Failure {
      self = failure
    } else {
      let message = PrsgdMPI.fullMessage(for: error)
      let label = "Error: "
      self.init(.usage, message.hasPrefix(label) ? String(message.dropFirst(label.count)) : message)
    }
  }
}
