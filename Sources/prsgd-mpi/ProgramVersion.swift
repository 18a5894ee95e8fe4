import CHost
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
    built for \(march), \(chost_vector_bits())-bit vectors\(slowBuildNote.map { "\nnote: \($0)" } ?? "")
    """
  }

  /// A build for an older processor than this one must never pass for the real thing.
  static var slowBuildNote: String? {
    let best = chost_cpu_has_avx512() ? 512 : chost_cpu_has_avx2() ? 256 : 128
    let bits = Int(chost_vector_bits())
    guard bits < best else { return nil }
    return "this build uses \(bits)-bit vectors\(chost_has_fma() ? "" : " without fused multiply-add") where this "
      + "processor has \(best): build again with PRSGD_MARCH=native"
  }
}
