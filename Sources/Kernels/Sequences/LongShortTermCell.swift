/// One step of the cells of long short-term memory (Hochreiter, Schmidhuber 1997; with forget gates, Gers 2000), in the
/// order of torch.nn.LSTM's gates: c ← σ(f) c + σ(i) tanh(g); h = σ(o) tanh(c).
public enum LongShortTermCell {
  typealias Vector = SIMD16<Float>
  public typealias Numbers = UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - gates: (4, count): i, f, g and o before their functions, which become what the functions make of them.
  ///   - previous: c of the step before; nil for zeros.
  @inline(never)
  public static func forward(
    _ gates: Numbers, previous: UnsafePointer<Float>?, cell: Numbers, hidden: Numbers, _ count: Int
  ) {
    let (i, f, g, o) = (gates, gates + count, gates + 2 &* count, gates + 3 &* count)
    LaneRange.forEach(count) { index, lanes in
      let input = sigmoid(LaneRange.load(i + index, lanes))
      let forget = sigmoid(LaneRange.load(f + index, lanes))
      let candidate = hyperbolicTangent(LaneRange.load(g + index, lanes))
      let output = sigmoid(LaneRange.load(o + index, lanes))
      var value = input * candidate
      if let previous { value.addProduct(forget, LaneRange.load(previous + index, lanes)) }
      input.store(i + index, count: lanes)
      forget.store(f + index, count: lanes)
      candidate.store(g + index, count: lanes)
      output.store(o + index, count: lanes)
      value.store(cell + index, count: lanes)
      (output * hyperbolicTangent(value)).store(hidden + index, count: lanes)
    }
  }

  /// - Parameters:
  ///   - gates: as `forward` left them; become ∂loss/∂(what they were before).
  ///   - hiddenGradient: ∂loss/∂h of what comes above.
  ///   - later: ∂loss/∂h of the step after; nil for zeros.
  ///   - cellGradient: ∂loss/∂c of the step after; becomes that of the step before.
  @inline(never)
  public static func backward(
    _ gates: Numbers, previous: UnsafePointer<Float>?, cell: UnsafePointer<Float>,
    hiddenGradient: UnsafePointer<Float>, later: UnsafePointer<Float>?, cellGradient: Numbers, _ count: Int
  ) {
    let (i, f, g, o) = (gates, gates + count, gates + 2 &* count, gates + 3 &* count)
    LaneRange.forEach(count) { index, lanes in
      let input = LaneRange.load(i + index, lanes)
      let forget = LaneRange.load(f + index, lanes)
      let candidate = LaneRange.load(g + index, lanes)
      let output = LaneRange.load(o + index, lanes)
      let value = hyperbolicTangent(LaneRange.load(cell + index, lanes))
      var hidden = LaneRange.load(hiddenGradient + index, lanes)
      if let later { hidden += LaneRange.load(later + index, lanes) }
      let total = LaneRange.load(cellGradient + index, lanes)
        .addingProduct(hidden * output, 1 - value * value)
      let before = previous.map { LaneRange.load($0 + index, lanes) } ?? Vector()
      (total * candidate * input * (1 - input)).store(i + index, count: lanes)
      (total * before * forget * (1 - forget)).store(f + index, count: lanes)
      (total * input * (1 - candidate * candidate)).store(g + index, count: lanes)
      (hidden * value * output * (1 - output)).store(o + index, count: lanes)
      (total * forget).store(cellGradient + index, count: lanes)
    }
  }

  /// 1 / (1 + e⁻ˣ).
  @inline(__always)
  private static func sigmoid(_ x: Vector) -> Vector {
    let isNegative = x .< 0
    let power = exponential(x.replacing(with: -x, where: .!isNegative))
    let share = 1 / (1 + power)
    return share.replacing(with: power * share, where: isNegative)
  }

  @inline(__always)
  private static func hyperbolicTangent(_ x: Vector) -> Vector {
    let isNegative = x .< 0
    let size = x.replacing(with: -x, where: isNegative)
    let power = exponential(-2 * size)
    let result = (1 - power) / (1 + power)
    return result.replacing(with: -result, where: isNegative)
  }
}
