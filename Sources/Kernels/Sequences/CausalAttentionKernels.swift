import Glibc

/// Causal self-attention with several heads (Vaswani et al. 2017): of each position, out = Σ p v over the positions up to it,
/// with p the softmax of q · k / √d.
///
/// Scores are found for a block of positions at a time, against all positions up to theirs, and found again in the
/// backward pass from what is kept of each softmax, one number: memory grows with the length of a sequence, not with its
/// square (as Dao et al. 2022). There is scratch memory inside, for one caller at a time.
public struct CausalAttentionKernels: Sendable {
  typealias Vector = SIMD16<Float>
  typealias Numbers = UnsafeMutablePointer<Float>

  /// Positions whose scores are found at once.
  private static let block = 32

  /// Of a sequence.
  public let positions: Int
  public let heads: Int
  /// d.
  public let headWidth: Int
  private let scale: Float
  /// Of rows with a number for each position.
  private let stride: Int
  /// Of a block, (block, positions): p, and ∂loss/∂score.
  private let probabilities: AlignedBuffer<Float>
  private let scoreGradients: AlignedBuffer<Float>
  /// Of a head, (d, positions): keys and values with a column for each position.
  private let keys: AlignedBuffer<Float>
  private let values: AlignedBuffer<Float>

  public init(positions: Int, heads: Int, headWidth: Int) {
    precondition(positions > 0 && heads > 0 && headWidth > 0)
    self.positions = positions
    self.heads = heads
    self.headWidth = headWidth
    scale = 1 / Float(headWidth).squareRoot()
    stride = rounded(positions, upTo: CacheLine.floats) + CacheLine.floats
    let block = min(Self.block, positions)
    probabilities = AlignedBuffer(count: block * stride)
    scoreGradients = AlignedBuffer(count: block * stride)
    keys = AlignedBuffer(count: headWidth * stride)
    values = AlignedBuffer(count: headWidth * stride)
  }

  /// Numbers of a position in all heads.
  public var width: Int { heads * headWidth }

  /// - Parameters:
  ///   - input: (rows, 3 · width): q, k and v of whole sequences, one after another.
  ///   - output: (rows, width).
  ///   - logSums: receives (rows, heads), log Σ exp(score), where wanted.
  public func forward(_ input: Matrix, output: Matrix, logSums: Matrix?) {
    forEachHead(input) { head in
      let (query, key, value) = parts(input, head)
      transpose(key, into: keys)
      forEachBlock { rows in
        let scores = scores(query, rows)
        for (place, row) in rows.enumerated() {
          let logSum = softmax(scores.row(place), row + 1, end: rows.upperBound)
          if let logSums { logSums.row(head.start + row)[head.index] = logSum }
        }
        SmallProduct.multiply(part(output, head).slice(rows), scores, value.slice(0..<rows.upperBound))
      }
    }
  }

  /// - Parameters:
  ///   - output, logSums: as `forward` left them.
  ///   - inputGradient: ∂loss/∂(q, k, v).
  public func backward(
    _ input: Matrix, output: Matrix, logSums: Matrix, outputGradient: Matrix, inputGradient: Matrix
  ) {
    forEachHead(input) { head in
      let (query, key, value) = parts(input, head)
      transpose(key, into: keys)
      transpose(value, into: values)
      let (queryGradient, keyGradient, valueGradient) = parts(inputGradient, head)
      clear(keyGradient)
      clear(valueGradient)
      let (out, outGradient) = (part(output, head), part(outputGradient, head))
      forEachBlock { rows in
        let scores = scores(query, rows)
        let gradients = Matrix(scoreGradients.pointer, rows: rows.count, columns: rows.upperBound, stride: stride)
        let own = outGradient.slice(rows)
        SmallProduct.multiply(gradients, own, columns(values, rows.upperBound))
        for (place, row) in rows.enumerated() {
          let dot = dotProduct(own.row(place), out.row(row))
          differentiate(
            scores.row(place), gradients.row(place), row + 1, end: rows.upperBound,
            logSum: logSums.row(head.start + row)[head.index], dot: dot)
        }
        let seen = 0..<rows.upperBound
        SmallProduct.multiply(valueGradient.slice(seen), scores.transposed, own, adding: true)
        SmallProduct.multiply(keyGradient.slice(seen), gradients.transposed, query.slice(rows), adding: true)
        SmallProduct.multiply(queryGradient.slice(rows), gradients, key.slice(seen))
      }
    }
  }

  // MARK: Parts

  /// A head of one sequence.
  private struct Head {
    /// The sequence's first row.
    let start: Int
    let index: Int
  }

  private func forEachHead(_ input: Matrix, _ body: (Head) -> Void) {
    precondition(input.columns == 3 * width && input.rows % positions == 0, "sequences are whole")
    for start in Swift.stride(from: 0, to: input.rows, by: positions) {
      for index in 0..<heads {
        body(Head(start: start, index: index))
      }
    }
  }

  private func forEachBlock(_ body: (Range<Int>) -> Void) {
    for first in Swift.stride(from: 0, to: positions, by: Self.block) {
      body(first..<min(first + Self.block, positions))
    }
  }

  /// A head's columns of what has `width` of them, (positions, d).
  private func part(_ matrix: Matrix, _ head: Head, from column: Int = 0) -> Matrix {
    Matrix(
      matrix.row(head.start) + column + head.index * headWidth, rows: positions, columns: headWidth,
      stride: matrix.stride)
  }

  /// Of what has q, k and v side by side.
  private func parts(_ matrix: Matrix, _ head: Head) -> (query: Matrix, key: Matrix, value: Matrix) {
    (part(matrix, head), part(matrix, head, from: width), part(matrix, head, from: 2 * width))
  }

  /// The first `count` columns of transposed keys or values, (d, count).
  private func columns(_ transposed: AlignedBuffer<Float>, _ count: Int) -> Matrix {
    Matrix(transposed.pointer, rows: headWidth, columns: count, stride: stride)
  }

  private func transpose(_ matrix: Matrix, into transposed: AlignedBuffer<Float>) {
    for row in 0..<positions {
      let (source, target) = (matrix.row(row), transposed.pointer + row)
      for column in 0..<headWidth { target[column &* stride] = source[column] }
    }
  }

  private func clear(_ matrix: Matrix) {
    for row in 0..<matrix.rows { matrix.row(row).update(repeating: 0, count: matrix.columns) }
  }

  /// q · k of some positions and all up to the last of them, (rows, rows.upperBound).
  private func scores(_ query: Matrix, _ rows: Range<Int>) -> Matrix {
    let scores = Matrix(probabilities.pointer, rows: rows.count, columns: rows.upperBound, stride: stride)
    SmallProduct.multiply(scores, query.slice(rows), columns(keys, rows.upperBound))
    return scores
  }

  // MARK: Rows

  /// row ← the softmax of its first `count` scores, zero from there to `end`.
  /// - Returns: log Σ exp(score).
  private func softmax(_ row: Numbers, _ count: Int, end: Int) -> Float {
    // So low that nothing is left of them.
    for index in count..<rounded(end, upTo: 16) { row[index] = -1e30 }
    let vectors = Swift.stride(from: 0, to: rounded(count, upTo: 16), by: 16)
    var highest = Vector.load(row)
    for index in vectors {
      let scores = Vector.load(row + index)
      highest.replace(with: scores, where: scores .> highest)
    }
    let largest = highest.largest
    var sums = Vector()
    for index in vectors {
      let power = exponential((Vector.load(row + index) - largest) * scale)
      sums += power
      power.store(row + index)
    }
    let sum = sums.total
    for index in vectors { (Vector.load(row + index) * (1 / sum)).store(row + index) }
    for index in rounded(count, upTo: 16)..<max(end, rounded(count, upTo: 16)) { row[index] = 0 }
    return largest * scale + log(sum)
  }

  /// p from the scores again, and ∂loss/∂(q · k) = p (g − Σ p g) / √d from g = ∂loss/∂p; zero from `count` to `end`.
  /// - Parameter dot: Σ p g.
  private func differentiate(_ scores: Numbers, _ gradients: Numbers, _ count: Int, end: Int, logSum: Float, dot: Float)
  {
    for index in Swift.stride(from: 0, to: count, by: 16) {
      let power = exponential(Vector.load(scores + index) * scale - logSum)
      power.store(scores + index)
      (power * (Vector.load(gradients + index) - dot) * scale).store(gradients + index)
    }
    for index in count..<end { (scores[index], gradients[index]) = (0, 0) }
  }

  private func dotProduct(_ a: Numbers, _ b: Numbers) -> Float {
    var sum = Vector()
    LaneRange.forEach(headWidth) { index, lanes in
      sum.addProduct(LaneRange.load(a + index, lanes), LaneRange.load(b + index, lanes))
    }
    return sum.total
  }
}
