import Kernels

/// A matrix whose rows lie apart in memory that is full of one number, with more of it before and after, and whose first
/// number is on no boundary. Surroundings of NaN show what reads them, surroundings of a number what writes to them.
final class GuardedMatrix {
  let matrix: Matrix
  private let memory: AlignedBuffer<Float>
  private let surroundings: Float

  private static let before = 5
  private static let after = 40

  init(_ rows: Int, _ columns: Int, gap: Int = 0, surroundings: Float, _ numbers: [Float]? = nil) {
    let stride = columns + gap
    memory = AlignedBuffer(count: Self.before + rows * stride + Self.after)
    memory.elements.update(repeating: surroundings)
    self.surroundings = surroundings
    matrix = Matrix(memory.pointer + Self.before, rows: rows, columns: columns, stride: stride)
    if let numbers { assign(numbers) }
  }

  /// A vector.
  convenience init(surroundings: Float, _ numbers: [Float]) {
    self.init(1, numbers.count, surroundings: surroundings, numbers)
  }

  var pointer: UnsafeMutablePointer<Float> { matrix.pointer }

  /// Row by row, without what lies between them.
  var numbers: [Float] { (0..<matrix.rows).flatMap { row in (0..<matrix.columns).map { matrix.row(row)[$0] } } }

  /// Whether all is as it was but for `room` numbers of each row, the columns unless given.
  func isIntactOutside(room: Int? = nil) -> Bool {
    memory.elements.indices.allSatisfy { index in
      let (row, column) = (index - Self.before).quotientAndRemainder(dividingBy: matrix.stride)
      let isInside = index >= Self.before && row < matrix.rows && column < room ?? matrix.columns
      return isInside || memory[index].bitPattern == surroundings.bitPattern
    }
  }

  private func assign(_ numbers: [Float]) {
    precondition(numbers.count == matrix.rows * matrix.columns)
    for (index, number) in numbers.enumerated() {
      matrix.row(index / matrix.columns)[index % matrix.columns] = number
    }
  }
}
