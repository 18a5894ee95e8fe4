import CHost

/// The three products of a dense layer with few outputs, by SIMD kernels with inputs in the lanes: lanes are full whatever
/// the number of outputs, where `DensePanels` would leave some idle. Weights are (out, in), as PyTorch has them.
/// There is scratch memory inside, for one caller at a time.
struct DenseDots: DenseKernels {
  typealias Vector = SIMD16<Float>

  /// Inputs of a tile of gradients.
  static let width = 4 * 16
  /// Outputs up to which these kernels are faster than `DensePanels`.
  static let fewOutputs = 16

  let inputCount: Int
  let outputCount: Int
  /// Dot products but for the sum over lanes: (5, 4, 16).
  private let lanes = AlignedBuffer<Float>(count: CrossTile.columns * CrossTile.rows * 16)
  /// (out, in)
  private let gradient: AlignedBuffer<Float>

  /// - Precondition: at least 64 inputs.
  init(inputCount: Int, outputCount: Int) {
    precondition(inputCount >= Self.width)
    self.inputCount = inputCount
    self.outputCount = outputCount
    gradient = AlignedBuffer(count: inputCount * outputCount)
  }

  /// Where the weight from `input` to `output` is.
  func index(input: Int, output: Int) -> Int { output * inputCount + input }

  // MARK: Forward

  /// output (rows, out) ← input (rows, in) · Wᵀ + bias, while asking for up to half as many rows to come.
  func forward(weights: Numbers, bias: Numbers, input: Matrix, output: Matrix, upcoming: UpcomingRows?) {
    for row in stride(from: 0, to: input.rows, by: CrossTile.rows) {
      let rows = min(CrossTile.rows, input.rows - row)
      for first in stride(from: 0, to: outputCount, by: CrossTile.columns) {
        if let upcoming, upcoming.count >= row / 2 + 2 {
          // The first two tiles of outputs ask for a row each.
          let next = row / 2 + (first == 0 ? 0 : 1)
          dots(input, row, weights, first) { k in upcoming.prefetch(row: next, column: k) }
        } else {
          dots(input, row, weights, first) { _ in }
        }
        for place in 0..<rows {
          let y = output.row(row + place)
          for column in first..<min(first + CrossTile.columns, outputCount) {
            let place = (column - first) * CrossTile.rows + place
            y[column] = bias[column] + Vector.load(lanes.pointer + place * 16).total
          }
        }
      }
    }
  }

  /// lanes ← the products of four rows and five outputs' weights.
  @inline(__always)
  private func dots(_ input: Matrix, _ row: Int, _ weights: Numbers, _ first: Int, between: (Int) -> Void) {
    let last = input.rows &- 1
    let (x0, x1) = (input.row(row), input.row(min(row &+ 1, last)))
    let (x2, x3) = (input.row(min(row &+ 2, last)), input.row(min(row &+ 3, last)))
    let five = CrossTile.Columns(first, of: outputCount, stride: inputCount)
    var tile = CrossTile()
    let whole = inputCount / 16 * 16
    for k in stride(from: 0, to: whole, by: 16) {
      let w = weights + k
      tile.add(
        (.load(x0 + k), .load(x1 + k), .load(x2 + k), .load(x3 + k)), .load(w + five.place0), .load(w + five.place1),
        .load(w + five.place2), .load(w + five.place3), .load(w + five.place4))
      between(k)
    }
    if whole < inputCount {
      // What lies behind the last input is another's.
      let load = { (address: Numbers) in Vector.load(address + whole, count: inputCount &- whole) }
      tile.add(
        (load(x0), load(x1), load(x2), load(x3)), load(weights + five.place0), load(weights + five.place1),
        load(weights + five.place2), load(weights + five.place3), load(weights + five.place4))
    }
    tile.store(lanes.pointer, CrossTile.Columns(0, of: CrossTile.columns, stride: CrossTile.rows * 16))
  }

  // MARK: Backward

  /// ∂loss/∂W = outputGradientᵀ · input, handed to `target`, while asking for up to half as many rows to come.
  func weightGradient(input: Matrix, outputGradient: Matrix, target: GradientTarget, upcoming: UpcomingRows?) {
    forEachTile(columns: outputCount) { start, first in
      outerProducts(
        outputGradient.pointer, stride: outputGradient.stride, CrossTile.Columns(first, of: outputCount, stride: 1),
        count: input.rows, into: gradient.pointer + start,
        CrossTile.Columns(first, of: outputCount, stride: inputCount),
        of: { input.row($0) + start }
      ) { row in
        // Four lines of a row to come go with two of these rows and two tiles.
        guard let upcoming, row / 2 < upcoming.count else { return }
        upcoming.prefetch(row: row / 2, column: start &+ row % 2 &* 32 &+ (first == 0 ? 0 : 16))
      }
    }
    target.take(gradient.pointer, count: gradient.count)
  }

  /// inputGradient (rows, in) ← outputGradient (rows, out) · W.
  func inputGradient(weights: Numbers, outputGradient: Matrix, inputGradient: Matrix) {
    let rows = outputGradient.rows
    forEachTile(columns: rows) { start, first in
      outerProducts(
        outputGradient.pointer, stride: 1, CrossTile.Columns(first, of: rows, stride: outputGradient.stride),
        count: outputCount, into: inputGradient.pointer + start,
        CrossTile.Columns(first, of: rows, stride: inputGradient.stride), of: { weights + start + $0 &* inputCount }
      ) { _ in }
    }
  }

  /// Hands the first input and the first column of each tile to `body`.
  @inline(__always)
  private func forEachTile(columns: Int, _ body: (Int, Int) -> Void) {
    for start in stride(from: 0, to: inputCount, by: Self.width) {
      // The last tile ends with the last input: what it shares with the one before is found again.
      let start = min(start, inputCount - Self.width)
      for first in stride(from: 0, to: columns, by: CrossTile.columns) { body(start, first) }
    }
  }

  /// result (five, 64) ← Σ over `count` rows of 64 numbers of each times five factors that go with it.
  @inline(__always)
  private func outerProducts(
    _ factors: Numbers, stride: Int, _ five: CrossTile.Columns, count: Int, into result: Numbers,
    _ columns: CrossTile.Columns, of row: (Int) -> Numbers, between: (Int) -> Void
  ) {
    var tile = CrossTile()
    for index in 0..<count {
      let (x, f) = (row(index), factors + index &* stride)
      tile.add(
        (.load(x), .load(x + 16), .load(x + 32), .load(x + 48)), Vector(repeating: f[five.place0]),
        Vector(repeating: f[five.place1]), Vector(repeating: f[five.place2]), Vector(repeating: f[five.place3]),
        Vector(repeating: f[five.place4]))
      // The next tile's: steps go from row to row, which no processor foresees.
      for line in 4..<8 { chost_prefetch(x + 16 &* line) }
      between(index)
    }
    tile.store(result, columns)
  }
}
