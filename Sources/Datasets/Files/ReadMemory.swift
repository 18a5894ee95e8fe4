import Failures
import Kernels

/// A bound on the memory that is taken by what a file holds: a small one may be compressed from more than any machine has.
struct ReadMemory {
  /// Bytes that can be had.
  let available: Int

  /// - Parameters:
  ///   - bytes: what is read takes so far, or will take. It needs three times as much: an array that is full is copied to
  ///     one of twice the size.
  ///   - place: path and line.
  /// - Throws: `Failure(.internal)` where it cannot be had.
  func require(_ bytes: Int, at place: @autoclosure () -> String) throws {
    guard bytes > available / 3 else { return }
    throw Failure(
      .internal,
      "\(place()): what is read up to here takes \(bytes.formattedAsBytes), and \(available.formattedAsBytes) of memory can be "
        + "had, of which it needs three times as much: use fewer samples, or a machine with more memory")
  }
}
