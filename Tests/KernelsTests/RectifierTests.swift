import Kernels
import Testing

struct RectifierTests {
  private let shapes = [(1, 1), (3, 16), (5, 33), (40, 7)]

  @Test func rectifyKeepsWhatIsPositiveAndZeroesTheRest() {
    for (rows, columns) in shapes {
      let numbers = normalNumbers(rows * columns, stream: 1)
      let matrix = GuardedMatrix(rows, columns, gap: 3, surroundings: -7, numbers)
      matrix.matrix.rectify()
      #expect(matrix.numbers == numbers.map { max($0, 0) })
      #expect(matrix.isIntactOutside())
    }
  }

  @Test func rectifyKeepsNotANumberAndInfinity() {
    let matrix = GuardedMatrix(surroundings: 0, [.nan, .infinity, -.infinity, -0.0, -.leastNonzeroMagnitude])
    matrix.matrix.rectify()
    #expect(matrix.numbers[0].isNaN)
    #expect(Array(matrix.numbers[1...]) == [.infinity, 0, 0, 0])
  }

  @Test func maskZeroesTheGradientOfWhatWasRectified() {
    for (rows, columns) in shapes {
      let numbers = normalNumbers(rows * columns, stream: 1)
      let gradients = normalNumbers(rows * columns, stream: 2)
      let output = GuardedMatrix(rows, columns, gap: 3, surroundings: 0, numbers)
      let gradient = GuardedMatrix(rows, columns, gap: 2, surroundings: 7, gradients)
      output.matrix.rectify()
      gradient.matrix.mask(whereZero: output.matrix)
      #expect(gradient.numbers == zip(numbers, gradients).map { $0 > 0 ? $1 : 0 })
      #expect(gradient.isIntactOutside())
    }
  }

  @Test func maskLetsTheGradientOfNotANumberPass() {
    let output = GuardedMatrix(surroundings: 0, [.nan, -0.0, 1])
    let gradient = GuardedMatrix(surroundings: 0, [2, .nan, .nan])
    gradient.matrix.mask(whereZero: output.matrix)
    #expect(gradient.numbers[0] == 2 && gradient.numbers[1] == 0 && gradient.numbers[2].isNaN)
  }

  @Test func addToRowsAddsTheVectorToEveryRow() {
    for (rows, columns) in shapes {
      let (numbers, bias) = (normalNumbers(rows * columns, stream: 1), normalNumbers(columns, stream: 2))
      let matrix = GuardedMatrix(rows, columns, gap: 3, surroundings: 7, numbers)
      let vector = GuardedMatrix(surroundings: .nan, bias)
      matrix.matrix.addToRows(vector.pointer)
      #expect(matrix.numbers == numbers.indices.map { numbers[$0] + bias[$0 % columns] })
      #expect(matrix.isIntactOutside())
    }
  }

  @Test func sumRowsStoresOrAddsTheSumOfEveryColumn() {
    for (rows, columns) in shapes {
      let numbers = normalNumbers(rows * columns, stream: 1)
      let matrix = GuardedMatrix(rows, columns, gap: 3, surroundings: .nan, numbers)
      let sums = (0..<columns).map { column in
        (0..<rows).reduce(0) { $0 + Double(numbers[$1 * columns + column]) }
      }
      let result = GuardedMatrix(1, columns, surroundings: .nan)
      matrix.matrix.sumRows(target: GradientTarget(gradient: result.pointer, accumulating: false))
      #expect(relativeError(result.numbers, sums) < 1e-6)
      matrix.matrix.sumRows(target: GradientTarget(gradient: result.pointer, accumulating: true))
      #expect(relativeError(result.numbers, sums.map { 2 * $0 }) < 1e-6)
      #expect(result.isIntactOutside())
    }
  }
}
