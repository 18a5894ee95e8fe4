import Kernels
import Testing

/// A layer and a batch whose gradient goes to a target.
protocol ParameterizedCase: CustomTestStringConvertible, Sendable {
  var rows: Int { get }
  var parameterCount: Int { get }
  /// Of the gradient in single precision.
  var tolerance: Double { get }

  /// Hands the gradient on some rows of the batch to `target`.
  func backward(_ target: GradientTarget, rows: Range<Int>)

  /// What the kernels placed, in an order of the case's own.
  func unplaced(_ placed: [Float]) -> [Float]

  /// The gradient in that order, found in Double.
  var expectedGradient: [Double] { get }
}

extension DenseCase: ParameterizedCase {
  var parameterCount: Int { weightCount + outputCount }
  var tolerance: Double { 1e-6 }
  var expectedGradient: [Double] { expectedWeightGradient + expectedBiasGradient }

  func backward(_ target: GradientTarget, rows: Range<Int>) {
    let input = GuardedMatrix(self.rows, inputCount, gap: 3, surroundings: .nan, input)
    let gradient = GuardedMatrix(self.rows, outputCount, gap: 3, surroundings: .nan, outputGradient)
    products.weightGradient(input: input.matrix[rows], outputGradient: gradient.matrix[rows], target: target)
    gradient.matrix[rows].sumRows(target: target.advanced(by: weightCount))
  }
}

extension ConvolutionCase: ParameterizedCase {
  var parameterCount: Int { shape.weightCount }
  var expectedGradient: [Double] { expectedWeightGradient }

  func backward(_ target: GradientTarget, rows: Range<Int>) {
    let input = GuardedMatrix(self.rows, shape.input.count, gap: 3, surroundings: .nan, input)
    let gradient = GuardedMatrix(self.rows, shape.output.count, gap: 3, surroundings: .nan, outputGradient)
    products.weightGradient(input: input.matrix[rows], outputGradient: gradient.matrix[rows], target: target)
  }
}

extension Matrix {
  fileprivate subscript(rows: Range<Int>) -> Matrix {
    Matrix(row(rows.lowerBound), rows: rows.count, columns: columns, stride: stride)
  }
}
