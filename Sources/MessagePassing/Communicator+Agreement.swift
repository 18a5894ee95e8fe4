import Failures

/// A failure that every rank knows of and throws alike: said once, and all exit with its code.
public struct AgreedFailure: Error, CustomStringConvertible, Sendable {
  public let failure: Failure
  /// The lowest rank that failed.
  public let rank: Int

  public init(_ failure: Failure, rank: Int) {
    self.failure = failure
    self.rank = rank
  }

  public var description: String { failure.message }
}

extension Communicator {
  /// Runs `body` on every rank, and returns its result where it succeeded everywhere.
  ///
  /// `body` must not communicate: a rank that failed before a collective would leave the others in it.
  /// - Throws: `AgreedFailure` on *every* rank if any failed, with the lowest failing rank's reason; `MPIError`.
  public func agree<Result>(_ body: () throws -> Result) throws -> Result {
    var result: Result?
    var failure: Failure?
    do {
      result = try body()
    } catch let error as MPIError {
      throw error
    } catch {
      failure = error as? Failure ?? Failure(.internal, "\(error)")
    }
    let first = try Int(allReduce(Int64(failure == nil ? size : rank), .minimum))
    if first < size {
      let code = try broadcast([failure?.code.rawValue ?? 0], from: first)[0]
      let message = try broadcast(failure?.message ?? "", from: first)
      throw AgreedFailure(Failure(ExitCode(rawValue: code) ?? .internal, message), rank: first)
    }
    return result!
  }
}
