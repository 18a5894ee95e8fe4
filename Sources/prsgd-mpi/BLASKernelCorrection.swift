import CHost
import Glibc
import Kernels

/// OpenBLAS chooses its kernels while it is loaded, before `main`. Where it chose kernels for an older processor than
/// this one, the only remedy is to say better and to start again, before anything else has been done.
enum BLASKernelCorrection {
  private static let variable = "OPENBLAS_CORETYPE"

  static func restartIfNeeded() {
    guard getenv(variable) == nil, let kernel = BLASLibrary.betterKernel else { return }
    setenv(variable, kernel, 1)
    // Returns only if it failed; then the slower kernels, which the run's records name, have to do.
    chost_restart(CommandLine.unsafeArgv)
  }
}
