/// Layer normalisation (Ba, Kiros, Hinton 2016): y = γ (x − μ) / √(σ² + ε) + β, with mean and variance of each row.
public struct LayerNormalizationKernels: Sendable {
  /// ε, as torch.nn.LayerNorm has it.
  public static let epsilon: Float = 1e-5

  typealias Vector = SIMD16<Float>
  public typealias Numbers = UnsafeMutablePointer<Float>

  public let width: Int

  public init(width: Int) {
    precondition(width > 0)
    self.width = width
  }

  /// output ← the normalised input, both (rows, width).
  /// - Parameter moments: receives (rows, 2): μ and 1 / √(σ² + ε), where wanted.
  public func forward(_ input: Matrix, gamma: Numbers, beta: Numbers, output: Matrix, moments: Matrix?) {
    precondition(input.columns == width && output.columns == width)
    for row in 0..<input.rows {
      let (x, y) = (UnsafePointer(input.row(row)), output.row(row))
      let (mean, inverse) = self.moments(of: x)
      LaneRange.forEach(width) { index, lanes in
        let normal = (LaneRange.load(x + index, lanes) - mean) * inverse
        LaneRange.load(beta + index, lanes).addingProduct(LaneRange.load(gamma + index, lanes), normal)
          .store(y + index, count: lanes)
      }
      if let moments { (moments.row(row)[0], moments.row(row)[1]) = (mean, inverse) }
    }
  }

  private func moments(of x: UnsafePointer<Float>) -> (mean: Float, inverse: Float) {
    var sum = Vector()
    LaneRange.forEach(width) { index, lanes in sum += LaneRange.load(x + index, lanes) }
    let mean = sum.total / Float(width)
    var squares = Vector()
    LaneRange.forEach(width) { index, lanes in
      var distance = LaneRange.load(x + index, lanes) - mean
      if lanes < 16 { for lane in lanes..<16 { distance[lane] = 0 } }
      squares.addProduct(distance, distance)
    }
    return (mean, 1 / (squares.total / Float(width) + Self.epsilon).squareRoot())
  }

  /// With x̂ the normalised input and h = γ ∂loss/∂y: inputGradient ← (h − mean(h) − x̂ mean(h x̂)) / √(σ² + ε).
  /// - Parameter sums: (2, width): ∂loss/∂γ and ∂loss/∂β are added.
  public func backward(
    _ input: Matrix, moments: Matrix, gamma: Numbers, outputGradient: Matrix, inputGradient: Matrix, sums: Numbers
  ) {
    let betaSums = sums + width
    for row in 0..<input.rows {
      let (x, dy, dx) = (
        UnsafePointer(input.row(row)), UnsafePointer(outputGradient.row(row)), inputGradient.row(row)
      )
      let (mean, inverse) = (moments.row(row)[0], moments.row(row)[1])
      var (sum, product) = (Vector(), Vector())
      LaneRange.forEach(width) { index, lanes in
        let gradient = LaneRange.load(dy + index, lanes)
        let normal = (LaneRange.load(x + index, lanes) - mean) * inverse
        // Where there is no number any more the gradient is zero.
        LaneRange.load(sums + index, lanes).addingProduct(gradient, normal).store(sums + index, count: lanes)
        (LaneRange.load(betaSums + index, lanes) + gradient).store(betaSums + index, count: lanes)
        let scaled = LaneRange.load(gamma + index, lanes) * gradient
        sum += scaled
        product.addProduct(scaled, normal)
      }
      let (shift, slope) = (sum.total / Float(width), product.total / Float(width))
      LaneRange.forEach(width) { index, lanes in
        let normal = (LaneRange.load(x + index, lanes) - mean) * inverse
        let scaled = LaneRange.load(gamma + index, lanes) * LaneRange.load(dy + index, lanes)
        ((scaled - shift - slope * normal) * inverse).store(dx + index, count: lanes)
      }
    }
  }
}
