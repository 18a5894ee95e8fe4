import CHost
import Glibc
import Kernels
import MessagePassing

/// What this program is and runs on.
enum ProgramVersion {
  static let number = "0.1.0"

  static var revision: String { String(cString: chost_revision()) }
  static var march: String { String(cString: chost_march()) }
  static var processor: String {
    String(cString: chost_cpu_name()).split(separator: " ").joined(separator: " ")
  }

  static var text: String {
    """
    prsgd-mpi \(number) (revision \(revision))
    \(MPIRuntime.libraryVersion)
    \(BLASLibrary.version), kernel \(BLASLibrary.kernel)
    built for \(march), \(VectorUnit.bits)-bit vectors\(slowBuildNote.map { "\nnote: \($0)" } ?? "")
    """
  }

  /// A build for an older processor than this one must never pass for the real thing.
  static var slowBuildNote: String? {
    guard VectorUnit.bits < VectorUnit.available else { return nil }
    let fusing = VectorUnit.hasFusedMultiplyAdd ? "" : " without fused multiply-add"
    let isChosen = getenv("PRSGD_VARIANT").map { String(cString: $0) } == march
    return "this build uses \(VectorUnit.bits)-bit vectors\(fusing) where this processor has "
      + "\(VectorUnit.available): \(isChosen ? "PRSGD_VARIANT chose it" : "build again with PRSGD_MARCH=native")"
  }
}
