import CHost

/// The vector instructions this build uses, and those this processor has.
public enum VectorUnit {
  /// Bits of the vectors that this build's code uses.
  public static let bits = Int(chost_vector_bits())
  /// Whether this build fuses a multiplication and an addition into one instruction.
  public static let hasFusedMultiplyAdd = chost_has_fma()
  /// Whether kernels that sum into tiles of registers are faster than BLAS in this build: its vectors have at least 256 bits,
  /// and multiplication and addition are one instruction.
  static var suitsTiles: Bool { bits >= 256 && hasFusedMultiplyAdd }
  /// Bits of the widest vectors that this processor has.
  public static let available = chost_cpu_has_avx512() ? 512 : chost_cpu_has_avx2() ? 256 : 128
}
