/// Dropout (Srivastava et al. 2014): numbers are zeroed at random, and those that stay grow so that their mean does not change.
public enum DropoutKernels {
  typealias Vector = SIMD16<Float>
  typealias Numbers = UnsafeMutablePointer<Float>

  /// output ← input / (1 − probability), or 0 with this probability, both (rows, columns).
  /// - Parameter random: decides which: the same gives the same ones.
  public static func apply(_ input: Matrix, _ output: Matrix, probability: Float, _ random: LaneRandom) {
    let threshold = UInt32(min(Double(probability) * 0x1p32, 0x1p32 - 1))
    let scale = 1 / (1 - probability)
    let groups = (input.columns + LaneRandom.group - 1) / LaneRandom.group
    for row in 0..<input.rows {
      let (x, y) = (input.row(row), output.row(row))
      for group in 0..<groups {
        let words = random.words(row &* groups &+ group)
        let first = group &* LaneRandom.group
        apply(words.0, x, y, first, input.columns, threshold, scale)
        apply(words.1, x, y, first &+ 16, input.columns, threshold, scale)
        apply(words.2, x, y, first &+ 32, input.columns, threshold, scale)
        apply(words.3, x, y, first &+ 48, input.columns, threshold, scale)
      }
    }
  }

  @inline(__always)
  private static func apply(
    _ words: SIMD16<UInt32>, _ x: Numbers, _ y: Numbers, _ index: Int, _ count: Int, _ threshold: UInt32, _ scale: Float
  ) {
    guard index < count else { return }
    let lanes = min(16, count &- index)
    let value = LaneRange.load(x + index, lanes) * scale
    value.replacing(with: 0, where: words .< threshold).store(y + index, count: lanes)
  }
}
