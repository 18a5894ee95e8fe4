import CHost

/// The three products of a dense layer with few outputs, by SIMD kernels with inputs in the lanes: lanes are full whatever
/// the number of outputs, where `DensePanels` would leave some idle. Weights are (out, in), as PyTorch has them.
/// There is scratch memory inside, for one caller at a time.
struct DenseDots: DenseKernels {
  private typealias Vector = MachineVector
  private typealias Column = MachineVector.CrossColumn

  /// Inputs of a tile of gradients.
  static var width: Int { Column.width }
  /// Cache lines of a tile's row.
  private static var lines: Int { width / CacheLine.floats }
  /// Outputs up to which these kernels are faster than `DensePanels`.
  static let fewOutputs = 16

  let inputCount: Int
  let outputCount: Int
  /// Dot products but for the sum over lanes: (columns, rows, lanes) of a tile.
  private let lanes = AlignedBuffer<Float>(count: CrossTile.columns * Self.width)
  /// (out, in)
  private let gradient: AlignedBuffer<Float>

  /// - Precondition: at least `width` inputs.
  init(inputCount: Int, outputCount: Int) {
    precondition(inputCount >= Self.width)
    self.inputCount = inputCount
    self.outputCount = outputCount
    gradient = AlignedBuffer(count: inputCount * outputCount)
  }

  /// Where the weight from `input` to `output` is.
  func index(input: Int, output: Int) -> Int { output * inputCount + input }

  // MARK: Forward

  /// output (rows, out) ← input (rows, in) · Wᵀ + bias, or added to output without one.
  func forward(weights: Numbers, bias: Numbers?, input: Matrix, output: Matrix) {
    for row in stride(from: 0, to: input.rows, by: CrossTile.rows) {
      let rows = min(CrossTile.rows, input.rows - row)
      for first in stride(from: 0, to: outputCount, by: CrossTile.columns) {
        dots(input, row, weights, first)
        for place in 0..<rows {
          let y = output.row(row + place)
          for column in first..<min(first + CrossTile.columns, outputCount) {
            let place = (column - first) * CrossTile.rows + place
            y[column] = (bias?[column] ?? y[column]) + Vector.load(lanes.pointer + place * Vector.scalarCount).total
          }
        }
      }
    }
  }

  /// lanes ← the products of a few rows and five outputs' weights. Not inlined: its addresses take all general registers.
  @inline(never)
  private func dots(_ input: Matrix, _ row: Int, _ weights: Numbers, _ first: Int) {
    let last = input.rows &- 1
    let x = FourPlaces { UnsafePointer(input.row(min(row &+ $0, last))) }
    // The next tile's rows, half of them with the first outputs: rows lie anywhere in memory, and a tile alone keeps too few
    // reads under way.
    let half = CrossTile.rows / 2
    let next = row &+ CrossTile.rows &+ (first == 0 ? 0 : half)
    let ahead = FourPlaces { UnsafePointer(input.row(min(next &+ $0, last))) }
    let five = CrossTile.Columns(first, of: outputCount, stride: inputCount)
    var tile = CrossTile()
    let whole = inputCount / Vector.scalarCount * Vector.scalarCount
    var k = 0
    while k < whole {
      let w = weights + k
      for place in 0..<half { chost_prefetch(ahead[place] + k) }
      tile.add(
        Column { .load(x[$0] + k) }, .load(w + five.place0), .load(w + five.place1), .load(w + five.place2),
        .load(w + five.place3), .load(w + five.place4))
      k &+= Vector.scalarCount
    }
    if whole < inputCount {
      // What lies behind the last input is another's.
      let load = { (address: UnsafePointer<Float>) in Vector.load(address + whole, count: inputCount &- whole) }
      let w = UnsafePointer(weights)
      tile.add(
        Column { load(x[$0]) }, load(w + five.place0), load(w + five.place1), load(w + five.place2),
        load(w + five.place3), load(w + five.place4))
    }
    tile.store(lanes.pointer, CrossTile.Columns(0, of: CrossTile.columns, stride: Self.width))
  }

  // MARK: Backward

  /// ∂loss/∂W = outputGradientᵀ · input, handed to `target`, while asking for as many rows to come.
  func weightGradient(input: Matrix, outputGradient: Matrix, target: GradientTarget, upcoming: UpcomingRows?) {
    forEachTile(columns: outputCount) { start, first in
      // What there is to choose is chosen outside of the innermost loop.
      if let places = input.places, let upcoming, upcoming.count >= input.rows {
        // Half of the lines go with the first outputs.
        let column = start &+ (first == 0 ? 0 : Self.lines / 2) &* CacheLine.floats
        gradientTile(start, first, outputGradient, count: input.rows, of: { places[$0] + start }) { row in
          for line in 0..<max(1, Self.lines / 2) {
            upcoming.prefetch(row: row, column: column &+ line &* CacheLine.floats)
          }
        }
      } else {
        let row = { (index: Int) in UnsafePointer(input.row(index)) + start }
        gradientTile(start, first, outputGradient, count: input.rows, of: row, between: { _ in })
      }
    }
    target.take(gradient.pointer, count: gradient.count)
  }

  /// The gradient of `width` inputs' and five outputs' weights.
  @inline(__always)
  private func gradientTile(
    _ start: Int, _ first: Int, _ outputGradient: Matrix, count: Int, of row: (Int) -> UnsafePointer<Float>,
    between: (Int) -> Void
  ) {
    outerProducts(
      outputGradient.pointer, stride: outputGradient.stride, CrossTile.Columns(first, of: outputCount, stride: 1),
      count: count, into: gradient.pointer + start, CrossTile.Columns(first, of: outputCount, stride: inputCount),
      of: row, between: between)
  }

  /// inputGradient (rows, in) ← outputGradient (rows, out) · W.
  func inputGradient(weights: Numbers, outputGradient: Matrix, inputGradient: Matrix) {
    let rows = outputGradient.rows
    forEachTile(columns: rows) { start, first in
      outerProducts(
        outputGradient.pointer, stride: 1, CrossTile.Columns(first, of: rows, stride: outputGradient.stride),
        count: outputCount, into: inputGradient.pointer + start,
        CrossTile.Columns(first, of: rows, stride: inputGradient.stride),
        of: { UnsafePointer(weights) + start + $0 &* inputCount }
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

  /// result (five, width) ← Σ over `count` rows of `width` numbers of each times five factors that go with it.
  @inline(__always)
  private func outerProducts(
    _ factors: Numbers, stride: Int, _ five: CrossTile.Columns, count: Int, into result: Numbers,
    _ columns: CrossTile.Columns, of row: (Int) -> UnsafePointer<Float>, between: (Int) -> Void
  ) {
    var tile = CrossTile()
    for index in 0..<count {
      let (x, f) = (row(index), factors + index &* stride)
      // The next tile's: steps go from row to row, which no processor foresees. Before the products: none of their loads may
      // pass a prefetch, and all of them at once do not fit the registers.
      for line in Self.lines..<2 &* Self.lines { chost_prefetch(x + line &* CacheLine.floats) }
      between(index)
      tile.add(
        .load(x), Vector(repeating: f[five.place0]), Vector(repeating: f[five.place1]),
        Vector(repeating: f[five.place2]), Vector(repeating: f[five.place3]), Vector(repeating: f[five.place4]))
    }
    tile.store(result, columns)
  }
}
