import ArgumentParser
import MessagePassing

/// A subcommand that all ranks run together.
protocol ParallelCommand: ParsableCommand {
  mutating func run(on communicator: Communicator) throws
}
