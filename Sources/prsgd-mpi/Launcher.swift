import ArgumentParser
import Failures
import Glibc
import MessagePassing
import Records

/// Takes the program from its arguments to its exit code.
enum Launcher {
  static func run(_ arguments: [String]) -> Never {
    do {
      var command = try PrsgdMPI.parseAsRoot(try ConfigurationFile.expand(arguments))
      if var parallel = command as? any ParallelCommand { runInParallel(&parallel) }
      try command.run()
      exit(ExitCode.done.rawValue)
    } catch {
      refuse(error)
    }
  }

  /// Help, a version, or an error in the arguments: all ranks have parsed the same ones, so one of them says it, and MPI
  /// is not needed for that.
  private static func refuse(_ error: any Error) -> Never {
    let code = (error as? Failure)?.code.rawValue ?? PrsgdMPI.exitCode(for: error).rawValue
    let isFirst = (LauncherEnvironment.current.rank ?? 0) == 0
    if isFirst {
      let message = (error as? Failure).map { "Error: \($0)" } ?? PrsgdMPI.fullMessage(for: error)
      (code == 0 ? StandardStream.output : .error).write(message + "\n")
    } else if code != 0 {
      // A launcher ends all processes once one fails: the one that speaks must be first.
      sleep(2)
    }
    exit(code)
  }

  private static func runInParallel(_ command: inout any ParallelCommand) -> Never {
    do {
      let communicator = try MPIRuntime.initialize()
      do {
        try refuseSingletons(communicator)
        try command.run(on: communicator)
        MPIRuntime.finalize()
        exit(ExitCode.done.rawValue)
      } catch let error as AgreedFailure {
        if communicator.isRoot { say(error.rank == 0 ? "\(error)" : "rank \(error.rank): \(error)") }
        MPIRuntime.finalize()
        exit(error.failure.code.rawValue)
      } catch {
        say("rank \(communicator.rank): \(error)")
        MPIRuntime.abort(code: (error as? Failure)?.code.rawValue ?? ExitCode.internal.rawValue)
      }
    } catch {
      say("\(error)")
      exit(ExitCode.internal.rawValue)
    }
  }

  /// A launcher of another MPI than this program's starts processes that do not find each other, and each would train
  /// by itself.
  private static func refuseSingletons(_ communicator: Communicator) throws {
    let environment = LauncherEnvironment.current
    guard communicator.size == 1, let size = environment.size, size > 1 else { return }
    let failure = Failure(
      .usage,
      "\(environment.launcher!) started \(size) processes, but each is alone in its MPI job: this program uses "
        + "\(MPIRuntime.libraryVersion), so use that library's mpirun, or srun --mpi=pmix with Open MPI")
    if (environment.rank ?? 0) != 0 { sleep(2) }
    throw AgreedFailure(failure, rank: 0)
  }

  private static func say(_ message: String) {
    StandardStream.error.write("prsgd-mpi: \(message)\n")
  }
}
