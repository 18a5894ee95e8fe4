/// The Gaussian error linear unit (Hendrycks, Gimpel 2016), y = x Φ(x), as torch.nn.GELU has it, row by row.
///
/// Φ comes of an approximation to the error function with an error below 1.5e-7 (Abramowitz, Stegun 1964, 7.1.26): for
/// x ≥ 0 it is 1 − φ(x) times a polynomial of 1 / (1 + p x).
public enum GaussianErrorUnit {
  typealias Vector = SIMD16<Float>

  /// y ← x Φ(x).
  public static func forward(_ input: Matrix, output: Matrix) {
    for row in 0..<input.rows { forward(input.row(row), output.row(row), input.columns) }
  }

  /// inputGradient ← outputGradient (Φ(x) + x φ(x)).
  public static func backward(_ input: Matrix, outputGradient: Matrix, inputGradient: Matrix) {
    for row in 0..<input.rows {
      backward(input.row(row), outputGradient.row(row), inputGradient.row(row), input.columns)
    }
  }

  @inline(never)
  private static func forward(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    LaneRange.forEach(count) { index, lanes in
      let value = LaneRange.load(x + index, lanes)
      (value * distribution(value).cumulative).store(y + index, count: lanes)
    }
  }

  @inline(never)
  private static func backward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    LaneRange.forEach(count) { index, lanes in
      let value = LaneRange.load(x + index, lanes)
      let (cumulative, density) = distribution(value)
      (LaneRange.load(dy + index, lanes) * cumulative.addingProduct(value, density)).store(dx + index, count: lanes)
    }
  }

  /// Φ(x) and φ(x).
  @inline(__always)
  private static func distribution(_ x: Vector) -> (cumulative: Vector, density: Vector) {
    let isNegative = x .< 0
    let size = x.replacing(with: -x, where: isNegative)
    let power = exponential(-0.5 * x * x)
    let t = 1 / Vector(repeating: 1).addingProduct(size, Vector(repeating: 0.3275911 * 0.70710678))
    var sum = Vector(repeating: 1.061405429)
    sum = Vector(repeating: -1.453152027).addingProduct(sum, t)
    sum = Vector(repeating: 1.421413741).addingProduct(sum, t)
    sum = Vector(repeating: -0.284496736).addingProduct(sum, t)
    sum = Vector(repeating: 0.254829592).addingProduct(sum, t)
    let tail = 0.5 * sum * t * power
    return ((1 - tail).replacing(with: tail, where: isNegative), 0.39894228 * power)
  }
}
