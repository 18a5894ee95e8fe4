import Failures
import Kernels
import MessagePassing

/// Whether a run can have the memory that it will ask for: a system that promises more than it has ends processes later, without a
/// word.
public enum MemoryCheck {
  /// Every rank must call it together.
  /// - Parameters:
  ///   - what: takes the memory, in the plural.
  ///   - bytes: that this rank is going to take; a product of what a user says may be beyond all integers.
  /// - Throws: `AgreedFailure(.internal)` where the ranks of some node want more than can be had there.
  public static func refuseTooMuch(_ what: String, bytes: Double, _ communicator: Communicator) throws {
    let node = try communicator.splitByNode()
    let ranks = node.size
    let wanted = try node.allReduce(bytes, .sum)
    try node.free()
    try communicator.agree {
      let available = AvailableMemory.bytes
      guard wanted > Double(available) else { return }
      throw Failure(
        .internal,
        "\(what) take \(Int(min(wanted, 0x1p62)).formattedAsBytes) of memory; \(MPIRuntime.processorName) can give "
          + "\(available.formattedAsBytes) to \(ranks == 1 ? "1 rank" : "\(ranks) ranks")")
    }
  }
}
