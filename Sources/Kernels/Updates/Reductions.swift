/// Sums over vectors. Partial sums of a block are kept in single precision, lane by lane, and added up in Double: the
/// error stays that of a few hundred additions however long the vector is.
enum Reductions {
  /// Vectors in a block: 4 KB of each operand.
  static let block = 64

  /// Runs `body(i, &sum)` for all SIMD vectors i < count, and returns the total of `sum` over blocks and lanes.
  @inline(__always)
  static func accumulate(_ count: Int, _ body: (Int, inout SIMD16<Float>) -> Void) -> Double {
    var total = 0.0
    for start in stride(from: 0, to: count, by: block) {
      var sum = SIMD16<Float>()
      for index in start..<min(start + block, count) { body(index, &sum) }
      total += Double(sum.sum())
    }
    return total
  }
}

extension ParameterVector {
  /// Σ v².
  public func squaredNorm() -> Double {
    let v = vectors
    return Reductions.accumulate(vectorCount) { i, sum in sum.addProduct(v[i], v[i]) }
  }

  /// Σ (v − w)².
  public func squaredDistance(to other: ParameterVector) -> Double {
    precondition(count == other.count)
    let (v, w) = (vectors, other.vectors)
    return Reductions.accumulate(vectorCount) { i, sum in
      let difference = v[i] - w[i]
      sum.addProduct(difference, difference)
    }
  }

  /// A hash of the bits, equal for equal bits only (FNV-1a, 64 bits): replicas are compared by it.
  public func bitHash() -> UInt64 {
    elements.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
  }
}
