/// How many multiplications and additions a core does at best in this build: fused, in registers alone.
public enum PeakRate {
  private typealias Vector = MachineVector

  /// Vectors that `run` makes at once: enough to keep both multipliers busy while each result takes four cycles, and few
  /// enough for the registers.
  private static let chains = 12

  /// Multiplications and additions per second.
  /// - Parameter seconds: reads a clock.
  public static func measure(seconds: () -> Double) -> Double {
    var best = 0.0
    let count = 1 << 16
    for _ in 0..<40 {
      let start = seconds()
      let sum = run(count)
      let elapsed = seconds() - start
      precondition(sum.isFinite)
      best = max(best, Double(2 * Vector.scalarCount * chains * count) / elapsed)
    }
    return best
  }

  @inline(never)
  private static func run(_ count: Int) -> Float {
    var a = Six()
    var b = Six()
    for _ in 0..<count {
      a.multiply()
      b.multiply()
    }
    return a.sum + b.sum
  }

  private struct Six {
    var (v0, v1, v2) = (Vector(repeating: 1), Vector(repeating: 2), Vector(repeating: 3))
    var (v3, v4, v5) = (Vector(repeating: 4), Vector(repeating: 5), Vector(repeating: 6))

    /// v ← 1 + v / 2, which stays in range.
    @inline(__always)
    mutating func multiply() {
      let (half, one) = (Vector(repeating: 0.5), Vector(repeating: 1))
      v0 = one.addingProduct(v0, half)
      v1 = one.addingProduct(v1, half)
      v2 = one.addingProduct(v2, half)
      v3 = one.addingProduct(v3, half)
      v4 = one.addingProduct(v4, half)
      v5 = one.addingProduct(v5, half)
    }

    var sum: Float { (v0 + v1 + v2 + v3 + v4 + v5).sum() }
  }
}
