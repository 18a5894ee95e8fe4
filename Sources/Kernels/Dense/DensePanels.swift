import CHost

/// The three products of a dense layer by SIMD kernels of our own, over `WeightPanels`. Kernels sum into a `Tile`, or into
/// a `TallTile` where a panel is so narrow that half of a tile would be idle.
/// There is scratch memory inside, for one caller at a time.
struct DensePanels: DenseKernels {
  /// Inputs of a panel that stay in the first-level cache while all rows of a batch pass by.
  private static let innerBlock = 192

  /// Of both gradients: beside a `Tile` of all registers an optimiser's step has no room, and the rows of this one make a
  /// whole vector, transposed.
  private typealias BackwardTile = Tile.Rest
  static var fewestInputs: Int { BackwardTile.rows }

  private let panels: WeightPanels
  /// Rows of a batch whose gradients for the input are found in one pass over the weights.
  private static let passRows = 32

  /// ∂loss/∂output of `passRows` rows, transposed: a part for each `Tile.width` of them, (out, Tile.width).
  private let transposed: AlignedBuffer<Float>
  /// A tile on its way to memory.
  private let parked = AlignedBuffer<Float>(count: max(BackwardTile.count, TallTile.count))

  /// - Precondition: at least `fewestInputs`.
  init(inputCount: Int, outputCount: Int) {
    precondition(inputCount >= Self.fewestInputs)
    panels = WeightPanels(inputCount: inputCount, outputCount: outputCount)
    transposed = AlignedBuffer(count: outputCount * Self.passRows)
  }

  var inputCount: Int { panels.inputCount }
  var outputCount: Int { panels.outputCount }

  /// Where the weight from `input` to `output` is.
  func index(input: Int, output: Int) -> Int { panels.index(input: input, output: output) }

  // MARK: Forward

  /// output (rows, out) ← input (rows, in) · W + bias, or added to output without one.
  /// - Precondition: each row of `output` has room for whole panels.
  func forward(weights: Numbers, bias: Numbers?, input: Matrix, output: Matrix) {
    precondition(output.stride >= rounded(outputCount, upTo: Tile.width))
    for first in stride(from: 0, to: outputCount, by: Tile.width) {
      let width = panels.width(from: first)
      for start in stride(from: 0, to: inputCount, by: Self.innerBlock) {
        let inner = min(Self.innerBlock, inputCount - start)
        let block = weights + panels.offset(from: first) + start * width
        let tall = panels.isNarrow(from: first) ? input.rows / TallTile.rows * TallTile.rows : 0
        for row in stride(from: 0, to: tall, by: TallTile.rows) {
          let y = output.row(row) + first
          Self.forwardTallTile(
            input.row(row) + start, input.stride, block, width, inner, y, output.stride,
            start == 0 ? bias.map { $0 + first } : nil)
        }
        var (row, tiles) = (tall, 0)
        func tile<T: RegisterTile>(_: T.Type) {
          // Past the last row the last one is computed again, and not stored.
          let valid = min(T.rows, input.rows - row)
          // Each tile prefetches its share of the weights of the next blocks.
          let lines = tiles * (inner / MachineVector.stepsPerLine)
          Self.forwardTile(
            T.self, input.row(row) + start, input.stride, block, width, inner, output.row(row) + first, output.stride,
            valid, start == 0 ? bias.map { $0 + first } : nil, block + inner * width + lines * CacheLine.floats)
          row += T.rows
          tiles += 1
        }
        while row < input.rows {
          // Two tiles of fewer rows take less time than a whole one and another that is mostly idle: what a short one can
          // take is left to it.
          let left = input.rows - row
          let wanted = left > Tile.rows ? left - ShortTile.rows : left
          if wanted <= ShortTile.rows {
            tile(ShortTile.self)
          } else if wanted <= MediumTile.rows {
            tile(MediumTile.self)
          } else {
            tile(Tile.self)
          }
        }
      }
    }
  }

  /// A tile of y ← (bias, or y where there is none) + Σ over `inner` inputs of x · w; `valid` rows of it.
  private static func forwardTile<T: RegisterTile>(
    _: T.Type, _ x: Numbers, _ xStride: Int, _ w: Numbers, _ width: Int, _ inner: Int, _ y: Numbers, _ yStride: Int,
    _ valid: Int, _ bias: Numbers?, _ ahead: Numbers
  ) {
    let rows = T.Places { UnsafePointer(x + min($0, valid &- 1) &* xStride) }
    var tile = T { .load(bias ?? y + min($0, valid &- 1) &* yStride) }
    for k in 0..<inner {
      tile.add(rows, k, times: .load(w + k &* width))
      chost_prefetch(ahead + k / MachineVector.stepsPerLine &* CacheLine.floats)
    }
    tile.forEachRow { row, sums in
      if row < valid { sums.store(y + row &* yStride) }
    }
  }

  /// The same for sixteen rows of a panel of at most sixteen outputs.
  @inline(__always)
  private static func forwardTallTile(
    _ x: Numbers, _ xStride: Int, _ w: Numbers, _ width: Int, _ inner: Int, _ y: Numbers, _ yStride: Int,
    _ bias: Numbers?
  ) {
    var tile = TallTile(bias ?? y, stride: bias == nil ? yStride : 0)
    for k in 0..<inner {
      tile.add(x + k, stride: xStride, times: w + k &* width)
    }
    tile.forEachRow { row, sums in sums.store(y + row &* yStride) }
  }

  // MARK: Backward

  /// ∂loss/∂W = inputᵀ · outputGradient, handed to `target` tile by tile, while asking for the rows to come.
  func weightGradient(input: Matrix, outputGradient: Matrix, target: GradientTarget, upcoming: UpcomingRows?) {
    switch target.rule {
    case .store: _ = weightGradient(input, outputGradient, upcoming, GradientSink(target, Store()))
    case .accumulate: _ = weightGradient(input, outputGradient, upcoming, GradientSink(target, Accumulate()))
    case .descend(let step, let squaredNorm):
      squaredNorm.pointee += weightGradient(input, outputGradient, upcoming, GradientSink(target, Descend(step)))
    case .descendWithMomentum(let step, let buffer):
      _ = weightGradient(input, outputGradient, upcoming, GradientSink(target, DescendWithMomentum(step, buffer)))
    case .descendWithNesterov(let step, let buffer):
      _ = weightGradient(input, outputGradient, upcoming, GradientSink(target, DescendWithNesterov(step, buffer)))
    case .descendWithAdam(let step, let first, let second):
      _ = weightGradient(input, outputGradient, upcoming, GradientSink(target, DescendWithAdam(step, first, second)))
    }
  }

  /// A finished tile is parked in a kilobyte of scratch, its rows closed up as they are in the panel, and handed on a
  /// vector at a time between the steps of the next tile: the memory traffic of an update hides behind the arithmetic.
  @inline(__always)
  private func weightGradient<Rule>(
    _ input: Matrix, _ outputGradient: Matrix, _ upcoming: UpcomingRows?, _ sink: GradientSink<Rule>
  ) -> Double {
    var parking = Parking(parked.pointer)
    // The other way round than forward, whose last panels may still be in a cache, as its first ones then will be.
    let last = (outputCount - 1) / Tile.width * Tile.width
    for first in stride(from: last, through: 0, by: -Tile.width) {
      if panels.isNarrow(from: first) && inputCount >= TallTile.rows {
        weightGradient(TallTile.self, panel: first, input, outputGradient, upcoming, sink, &parking)
      } else {
        weightGradient(BackwardTile.self, panel: first, input, outputGradient, upcoming, sink, &parking)
      }
    }
    return parking.squaredNorm + sink.take(parked.pointer, count: parking.count, at: parking.offset)
  }

  /// One panel of it.
  @inline(__always)
  private func weightGradient<T: RegisterTile, Rule>(
    _: T.Type, panel first: Int, _ input: Matrix, _ outputGradient: Matrix, _ upcoming: UpcomingRows?,
    _ sink: GradientSink<Rule>, _ parking: inout Parking
  ) {
    let width = panels.width(from: first)
    // Each panel asks for its share of them.
    let upcoming = upcoming?.part(first / Tile.width, of: (outputCount + Tile.width - 1) / Tile.width)
    var squares = SIMD16<Float>()
    for row in stride(from: 0, to: inputCount, by: T.rows) {
      // The last tile ends with the last input; what it shares with the one before is not taken twice.
      let start = min(row, inputCount - T.rows)
      upcoming?.prefetch(column: start)
      let tile: T = Self.weightGradientTile(input, start, outputGradient, first, sink, parking, &squares)
      // Each row's surplus is overwritten by the next.
      tile.forEachRow { index, sums in
        if index >= row - start { sums.store(parking.numbers + (index &- (row - start)) &* width) }
      }
      parking.count = (T.rows - (row - start)) * width
      parking.offset = panels.offset(from: first) + row * width
    }
    parking.squaredNorm += Double(squares.sum())
  }

  /// The tile that is parked, and what became of those before.
  private struct Parking {
    let numbers: Numbers
    var count = 0
    /// In the flat vector.
    var offset = 0
    var squaredNorm = 0.0

    init(_ numbers: Numbers) { self.numbers = numbers }
  }

  @inline(__always)
  private static func weightGradientTile<T: RegisterTile, Rule>(
    _ input: Matrix, _ start: Int, _ outputGradient: Matrix, _ first: Int, _ sink: GradientSink<Rule>,
    _ parking: Parking, _ squares: inout SIMD16<Float>
  ) -> T {
    // A vector goes with two rows of the batch; before them what that does not dispose of.
    let pairs = input.rows / 2
    let vectors = min(parking.count / 16, pairs)
    if vectors &* 16 < parking.count {
      squares[0] += Float(
        sink.take(
          parking.numbers + vectors &* 16, count: parking.count - vectors &* 16, at: parking.offset + vectors &* 16))
    }
    var tile = T.zero
    var x = UnsafePointer(input.pointer + start)
    var dy = UnsafePointer(outputGradient.pointer + first)
    for vector in 0..<vectors {
      tile.add(x, stride: 1, times: dy)
      tile.add(x + input.stride, stride: 1, times: dy + outputGradient.stride)
      // The next tile's inputs: its steps go from row to row, which no processor foresees.
      chost_prefetch(x + T.rows)
      chost_prefetch(x + input.stride + T.rows)
      x += 2 &* input.stride
      dy += 2 &* outputGradient.stride
      let gradient = SIMD16.load(parking.numbers + vector &* 16)
      sink.take(gradient, at: parking.offset &+ vector &* 16, squares: &squares)
    }
    for _ in 2 &* vectors..<input.rows {
      tile.add(x, stride: 1, times: dy)
      x += input.stride
      dy += outputGradient.stride
    }
    return tile
  }

  /// inputGradient (rows, in) ← outputGradient (rows, out) · Wᵀ.
  func inputGradient(weights: Numbers, outputGradient: Matrix, inputGradient: Matrix) {
    for first in stride(from: 0, to: outputGradient.rows, by: Self.passRows) {
      let rows = min(Self.passRows, outputGradient.rows - first)
      transpose(outputGradient, from: first, rows)
      for row in stride(from: 0, to: inputCount, by: BackwardTile.rows) {
        let start = min(row, inputCount - BackwardTile.rows)
        for part in stride(from: 0, to: rows, by: Tile.width) {
          let tile = inputGradientTile(weights, start, transposed.pointer + part * outputCount)
          Self.storeTransposed(
            tile, by: parked.pointer, inputGradient.row(first + part) + start, inputGradient.stride,
            columns: min(Tile.width, rows - part))
        }
      }
    }
  }

  /// Σ over all outputs of W(start + r, o) · ∂loss/∂output(·, o): a row per input, a lane per row of the batch.
  /// - Parameter gradient: ∂loss/∂output, transposed (out, Tile.width).
  @inline(__always)
  private func inputGradientTile(_ weights: Numbers, _ start: Int, _ gradient: UnsafePointer<Float>) -> BackwardTile {
    var tile = BackwardTile.zero
    for first in stride(from: 0, to: outputCount, by: Tile.width) {
      let width = panels.width(from: first)
      let panel = weights + panels.offset(from: first) + start &* width
      let dy = gradient + first &* Tile.width
      // The next tile's weights: its steps go from panel to panel, which no processor foresees.
      for line in 0..<MachineVector.panelLinesAhead {
        chost_prefetch(panel + BackwardTile.rows &* width + line &* CacheLine.floats)
      }
      for output in 0..<width {
        tile.add(panel + output, stride: width, times: dy + output &* Tile.width)
      }
    }
    return tile
  }

  /// transposed ← `rows` rows of `matrix` from `first` on, the remaining lanes zero.
  private func transpose(_ matrix: Matrix, from first: Int, _ rows: Int) {
    if rows < Self.passRows { transposed.elements.update(repeating: 0) }
    for row in 0..<rows {
      let source = matrix.row(first + row)
      let (part, lane) = row.quotientAndRemainder(dividingBy: Tile.width)
      let target = transposed.pointer + part * Tile.width * outputCount + lane
      for output in 0..<outputCount { target[output &* Tile.width] = source[output] }
    }
  }

  /// Stores the first `columns` columns of a tile as rows.
  @inline(__always)
  private static func storeTransposed(
    _ tile: BackwardTile, by parked: Numbers, _ address: Numbers, _ stride: Int, columns: Int
  ) {
    typealias Column = MachineVector.TileColumn
    tile.store(parked, stride: Tile.width)
    for column in 0..<columns {
      var numbers = Column()
      for row in 0..<BackwardTile.rows { numbers[row] = parked[row &* Tile.width &+ column] }
      UnsafeMutableRawPointer(address + column &* stride).storeBytes(of: numbers, as: Column.self)
    }
  }
}
