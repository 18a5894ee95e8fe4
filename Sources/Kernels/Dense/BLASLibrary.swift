import CHost
import COpenBLAS

/// The BLAS library below the dense products, and the kernels it chose for this processor.
public enum BLASLibrary {
  /// The name of the kernels in use, such as "SkylakeX".
  public static var kernel: String { String(cString: openblas_get_corename()) }

  /// "OpenBLAS 0.3.21".
  public static var version: String {
    String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")
  }

  /// How many threads a product may use. One a rank is the default: ranks are the parallelism here.
  public static var threads: Int {
    get { Int(openblas_get_num_threads()) }
    set { openblas_set_num_threads(Int32(newValue)) }
  }

  /// The value that `OPENBLAS_CORETYPE` should have where the library fell back to older kernels than the processor
  /// can run (OpenBLAS 0.3.21 does so on processors newer than itself, at half the speed), and nil where all is well.
  public static func betterKernel(than kernel: String, hasAVX512: Bool, hasAVX2: Bool) -> String? {
    let withoutAVX2 = ["Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Sandybridge", "Barcelona"]
    let withoutAVX512 = withoutAVX2 + ["Haswell", "Zen", "Excavator", "Steamroller", "Piledriver"]
    if hasAVX512 && withoutAVX512.contains(kernel) { return "SkylakeX" }
    if hasAVX2 && withoutAVX2.contains(kernel) { return "Haswell" }
    return nil
  }

  /// `betterKernel` for this processor and the kernels in use.
  public static var betterKernel: String? {
    betterKernel(than: kernel, hasAVX512: chost_cpu_has_avx512(), hasAVX2: chost_cpu_has_avx2())
  }
}
