import Failures
import Glibc
import MessagePassing
import Records

/// Whether a run can have the memory that it will ask for: a system that promises more than it has ends processes later, without a
/// word.
enum MemoryCheck {
  /// - Parameter numbers: 32-bit numbers that each rank is going to hold.
  /// - Throws: `AgreedFailure` where the ranks of some node want more than it has.
  static func refuseTooMuch(numbers: Int, _ communicator: Communicator) throws {
    let node = try communicator.splitByNode()
    let ranks = node.size
    try node.free()
    let bytes = Double(numbers) * 4
    let present = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    try communicator.agree {
      guard bytes * Double(ranks) > present else { return }
      let size = { (bytes: Double) in "\((bytes / 1e9).formatted(decimals: 1)) GB" }
      throw Failure(
        .internal,
        "model, moments and what the method remembers take \(size(bytes)) a rank; \(MPIRuntime.processorName) has "
          + "\(size(present)) for \(ranks == 1 ? "1 rank" : "\(ranks) ranks")")
    }
  }
}
