import Kernels

/// A batch's way through several stages in pieces of a few rows: what one stage leaves in the cache is still there for the next.
struct BatchPieces {
  /// Of a piece at most.
  private let rows: Int
  private let columns: Int
  /// Of what lies between two stages.
  private let memory: AlignedBuffer<Float>

  /// Numbers of a piece: 128 KB of each array that it needs.
  private static let count = 1 << 15

  /// - Parameter columns: of what lies between two stages.
  init(columns: Int) {
    rows = max(1, Self.count / columns)
    self.columns = columns
    memory = AlignedBuffer(count: rows * columns)
  }

  /// Hands to `body` each piece of a batch of so many rows.
  func forEach(of batch: Int, _ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: batch, by: rows) { body(first..<min(first + rows, batch)) }
  }

  /// What lies between two stages, of so many rows, until the next piece.
  func between(_ rows: Int) -> Matrix { Matrix(memory.pointer, rows: rows, columns: columns) }
}
