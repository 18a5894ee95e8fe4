import Kernels

/// Rows with the room that panels ask for.
final class Rows {
  let matrix: Matrix
  private let memory: AlignedBuffer<Float>

  init(_ rows: Int, _ columns: Int, _ numbers: [Float]? = nil) {
    let stride = rounded(columns, upTo: 32) + 16
    memory = AlignedBuffer(count: rows * stride)
    matrix = Matrix(memory.pointer, rows: rows, columns: columns, stride: stride)
    for (index, number) in (numbers ?? []).enumerated() { matrix.row(index / columns)[index % columns] = number }
  }

  var numbers: [Float] { matrix.numbers }
}

extension Matrix {
  /// Row by row.
  var numbers: [Float] { (0..<rows).flatMap { index in (0..<columns).map { row(index)[$0] } } }
}
