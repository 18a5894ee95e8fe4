import Kernels

/// How the weights of a product begin.
public enum WeightInitialization: Sendable {
  case zeros
  /// N(0, 2 / in), biases 0 (He, Zhang, Ren, Sun 2015).
  case he
  /// N(0, deviation²), biases 0.
  case normal(deviation: Double)
  /// Uniform in ±bound, biases too.
  case uniform(bound: Double)

  /// Whether biases begin like weights; else they are 0.
  var drawsBiases: Bool { if case .uniform = self { true } else { false } }

  /// Draws a tensor that lies at its offset from `parameters` on, in the exported order, so that a start does not depend on
  /// the kernels.
  /// - Parameter inputs: of the product.
  func draw(
    _ tensor: ParameterTensor, inputs: Int, _ parameters: UnsafeMutablePointer<Float>, _ random: inout RandomSource
  ) {
    let (numbers, place) = (parameters + tensor.offset, tensor.place)
    switch self {
    case .zeros: for index in 0..<tensor.count { numbers[place(index)] = 0 }
    case .he: drawNormal((2 / Double(inputs)).squareRoot(), tensor.count, numbers, place, &random)
    case .normal(let deviation): drawNormal(deviation, tensor.count, numbers, place, &random)
    case .uniform(let bound):
      for index in 0..<tensor.count { numbers[place(index)] = Float(bound * (2 * random.nextUniform() - 1)) }
    }
  }

  private func drawNormal(
    _ deviation: Double, _ count: Int, _ numbers: UnsafeMutablePointer<Float>, _ place: ParameterTensor.Place,
    _ random: inout RandomSource
  ) {
    for index in 0..<count { numbers[place(index)] = Float(deviation * random.nextNormal()) }
  }
}
