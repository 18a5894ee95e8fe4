import Kernels

/// `count` normal numbers; other streams give others.
func normalNumbers(_ count: Int, stream: Int) -> [Float] {
  var source = RandomSource(seed: 1, purpose: .benchmark, index: stream)
  return (0..<count).map { _ in Float(source.nextNormal()) }
}

/// ‖actual − expected‖ / ‖expected‖; NaN where either has one.
func relativeError(_ actual: [Float], _ expected: [Double]) -> Double {
  precondition(actual.count == expected.count)
  let error = zip(actual, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return (error / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
}

/// Where the bits of two sequences of one length differ first. A failed comparison of long arrays prints all of them.
func firstDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Int? {
  precondition(a.count == b.count)
  return zip(a, b).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }?.offset
}

extension ParameterVector {
  init(_ numbers: [Float]) {
    self.init(count: numbers.count)
    _ = elements.update(from: numbers)
  }

  /// Whether what fills the last SIMD vector up is zero.
  var hasZeroPadding: Bool { (count..<Self.paddedCount(count)).allSatisfy { pointer[$0] == 0 } }
}
