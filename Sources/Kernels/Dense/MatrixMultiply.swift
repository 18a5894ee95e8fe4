import COpenBLAS

/// A view of a dense matrix in row-major order.
public struct Matrix {
  public let pointer: UnsafeMutablePointer<Float>
  public let rows: Int
  public let columns: Int
  /// From one row to the next, in numbers; 0 where rows are scattered.
  public let stride: Int
  /// Of scattered rows.
  @usableFromInline let places: UnsafePointer<UnsafePointer<Float>>?

  /// Rows that lie anywhere, to be read by those who take such: at `places`, which must outlive this.
  public init(scattered places: UnsafePointer<UnsafePointer<Float>>, rows: Int, columns: Int) {
    pointer = UnsafeMutablePointer(mutating: places[0])
    self.rows = rows
    self.columns = columns
    stride = 0
    self.places = places
  }

  public init(_ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    places = nil
  }

  public var isScattered: Bool { places != nil }

  @inlinable public func row(_ index: Int) -> UnsafeMutablePointer<Float> {
    if let places { return UnsafeMutablePointer(mutating: places[index]) }
    return pointer + index * stride
  }

  /// Some of the rows.
  @inlinable public func slice(_ range: Range<Int>) -> Matrix {
    if let places { return Matrix(scattered: places + range.lowerBound, rows: range.count, columns: columns) }
    return Matrix(row(range.lowerBound), rows: range.count, columns: columns, stride: stride)
  }

  public var transposed: Transposed { Transposed(matrix: self) }

  /// A matrix to be read with rows and columns exchanged.
  public struct Transposed {
    let matrix: Matrix
  }
}

/// The three products of a dense layer, by BLAS. Each: C ← A·B, or C ← C + A·B when `accumulating`.
extension Matrix {
  /// this (m, n) ← a (m, k) · b (k, n).
  public func multiply(_ a: Matrix, _ b: Matrix, accumulating: Bool = false) {
    precondition(rows == a.rows && columns == b.columns && a.columns == b.rows)
    product(CblasNoTrans, a, CblasNoTrans, b, inner: a.columns, accumulating)
  }

  /// this (m, n) ← aᵀ · b with a (k, m) and b (k, n).
  public func multiply(_ a: Transposed, _ b: Matrix, accumulating: Bool = false) {
    precondition(rows == a.matrix.columns && columns == b.columns && a.matrix.rows == b.rows)
    product(CblasTrans, a.matrix, CblasNoTrans, b, inner: b.rows, accumulating)
  }

  /// this (m, n) ← a · bᵀ with a (m, k) and b (n, k).
  public func multiply(_ a: Matrix, _ b: Transposed, accumulating: Bool = false) {
    precondition(rows == a.rows && columns == b.matrix.rows && a.columns == b.matrix.columns)
    product(CblasNoTrans, a, CblasTrans, b.matrix, inner: a.columns, accumulating)
  }

  private func product(
    _ transposeA: CBLAS_TRANSPOSE, _ a: Matrix, _ transposeB: CBLAS_TRANSPOSE, _ b: Matrix, inner: Int,
    _ accumulating: Bool
  ) {
    cblas_sgemm(
      CblasRowMajor, transposeA, transposeB, Int32(rows), Int32(columns), Int32(inner), 1, a.pointer, Int32(a.stride),
      b.pointer, Int32(b.stride), accumulating ? 1 : 0, pointer, Int32(stride))
  }
}
