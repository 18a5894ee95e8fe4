/// Something whose state changes during a run and cannot be derived from the run's options.
///
/// One walk both writes the state and reads it back, so that the two cannot differ in what they name or in its order.
public protocol Persistent {
  /// Hands every piece of the state to `state`, always in the same order.
  /// - Throws: `Failure(.badData)` where the bytes that are read do not fit.
  mutating func visit(_ state: inout StateVisitor) throws
}
