import Kernels
import Testing

struct MatrixMultiplyTests {
  private static let shapes = [(1, 1, 1), (3, 5, 7), (32, 16, 64), (13, 100, 33)]

  @Test(arguments: shapes, [false, true])
  func theThreeProductsAreThoseOfDouble(shape: (rows: Int, inner: Int, columns: Int), accumulating: Bool) {
    let (rows, inner, columns) = shape
    let (a, b, before) = (
      normalNumbers(rows * inner, stream: 1), normalNumbers(inner * columns, stream: 2),
      normalNumbers(rows * columns, stream: 3)
    )
    var expected = accumulating ? before.map(Double.init) : [Double](repeating: 0, count: rows * columns)
    for i in 0..<rows {
      for j in 0..<columns {
        for k in 0..<inner { expected[i * columns + j] += Double(a[i * inner + k]) * Double(b[k * columns + j]) }
      }
    }
    let (plainA, plainB) = (matrix(a, rows, inner), matrix(b, inner, columns))
    let (flippedA, flippedB) = (matrix(flip(a, rows), inner, rows), matrix(flip(b, inner), columns, inner))
    let products: [(Matrix) -> Void] = [
      { $0.multiply(plainA.matrix, plainB.matrix, accumulating: accumulating) },
      { $0.multiply(flippedA.matrix.transposed, plainB.matrix, accumulating: accumulating) },
      { $0.multiply(plainA.matrix, flippedB.matrix.transposed, accumulating: accumulating) },
    ]
    for product in products {
      let result = GuardedMatrix(rows, columns, gap: 3, surroundings: .nan, accumulating ? before : nil)
      product(result.matrix)
      #expect(relativeError(result.numbers, expected) < 1e-6)
      #expect(result.isIntactOutside())
    }
  }
}

private func matrix(_ numbers: [Float], _ rows: Int, _ columns: Int) -> GuardedMatrix {
  GuardedMatrix(rows, columns, gap: 2, surroundings: .nan, numbers)
}

/// Columns for rows, of which there are `rows`.
private func flip(_ numbers: [Float], _ rows: Int) -> [Float] {
  let columns = numbers.count / rows
  return (0..<columns).flatMap { column in (0..<rows).map { numbers[$0 * columns + column] } }
}
