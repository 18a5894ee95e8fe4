import Glibc
import MessagePassing
import Testing

/// The processes that these tests run on: under mpirun, at any number of ranks.
///
/// Every rank runs the same tests in the same order. A failed expectation must therefore not keep a rank from a collective
/// that the others enter: expectations are plain, never required.
@MainActor
enum World {
  static let communicator: Communicator = {
    do {
      let communicator = try MPIRuntime.initialize()
      atexit { MPIRuntime.finalize() }
      return communicator
    } catch {
      fatalError("MPI does not start: \(error)")
    }
  }()

  /// As if the ranks of `communicator` ran on several nodes, not all of which are alike; or each on one of its own.
  nonisolated static func node(of communicator: Communicator, isShared: Bool = true) throws -> Communicator {
    try communicator.split(color: communicator.rank / (isShared ? communicator.size < 5 ? 2 : 3 : 1))!
  }

  static let alone: Communicator = {
    _ = communicator
    do { return try MPIRuntime.alone() } catch { fatalError("\(error)") }
  }()
}

/// All tests that communicate, one after another.
@Suite(.serialized)
@MainActor
struct RankTests {}
