/// A convolution of any shape by sums over windows, in SIMD registers.
struct DirectConvolution: ConvolutionKernels {
  private let shape: ConvolutionShape
  private let panels: WeightPanels
  private let image: PaddedImage
  private let forward: WindowSweep
  private let adjoint: AdjointConvolution
  /// A tile on its way to memory, where not all of it is wanted.
  private let parked = AlignedBuffer<Float>(count: max(Tile.count, TallTile.count))

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    panels = WeightPanels(inputCount: shape.windowCount, outputCount: shape.output.channels)
    let (input, output) = (shape.input, shape.output)
    image = PaddedImage(input, before: shape.padding, below: shape.padding, right: shape.padding)
    let inputRow = image.rowStride
    let step = shape.stride * input.channels
    forward = WindowSweep(
      height: output.height, width: output.width, tapRows: shape.kernel, run: shape.runCount, inputRow: inputRow,
      outputs: output.channels, step: step, source: { shape.stride * $0 * inputRow + $1 * step },
      destination: { ($0 * output.width + $1) * output.channels })
    adjoint = AdjointConvolution(shape)
  }

  func index(window: Int, output: Int) -> Int { panels.index(input: window, output: output) }

  func forward(_ weights: Weights, input: Matrix, output: Matrix) {
    for row in 0..<input.rows {
      image.copy(from: input.row(row))
      forward.apply(image.pointer, weights, output.row(row))
    }
  }

  func prepareInputGradient(_ weights: Weights) { adjoint.prepare(weights, panels) }

  func inputGradient(_ weights: Weights, outputGradient: Matrix, inputGradient: Matrix) {
    adjoint.apply(outputGradient, inputGradient)
  }

  // MARK: Weight gradient

  func addWeightGradient(input: Matrix, outputGradient: Matrix, to gradient: Weights) {
    for row in 0..<input.rows {
      image.copy(from: input.row(row))
      for first in stride(from: 0, to: shape.output.channels, by: WeightPanels.width) {
        let width = panels.width(from: first)
        let dy = outputGradient.row(row) + first
        let panel = gradient + panels.offset(from: first)
        if panels.isNarrow(from: first) {
          addWeightGradient(TallTile.self, dy, width, panel)
        } else {
          addWeightGradient(Tile.self, dy, width, panel)
        }
      }
    }
  }

  /// A tile holds some numbers of a window's row, by the outputs of a panel; pixels pass by.
  @inline(__always)
  private func addWeightGradient<T: RegisterTile>(
    _: T.Type, _ dy: UnsafePointer<Float>, _ width: Int, _ panel: UnsafeMutablePointer<Float>
  ) {
    for block in stride(from: 0, to: shape.output.height, by: Self.blockRows) {
      let rows = block..<min(block + Self.blockRows, shape.output.height)
      for tapRow in 0..<shape.kernel {
        let place = panel + tapRow * shape.runCount * width
        T.cover(shape.runCount) {
          addWeightGradient(T.self, from: $0, dy, rows, tapRow, width, place)
        } rest: {
          addWeightGradient(T.Rest.self, from: $0, dy, rows, tapRow, width, place)
        }
      }
    }
  }

  /// One tile of registers.
  @inline(__always)
  private func addWeightGradient<T: RegisterTile>(
    _: T.Type, from start: Int, _ dy: UnsafePointer<Float>, _ rows: Range<Int>, _ tapRow: Int, _ width: Int,
    _ panel: UnsafeMutablePointer<Float>
  ) {
    let tile: T = weightGradientTile(dy, rows, tapRow, start)
    let valid = min(T.rows, shape.runCount &- start)
    let address = panel + start &* width
    if valid == T.rows && width == T.width {
      tile.forEachRow { row, sums in (.load(address + row &* width) + sums).store(address + row &* width) }
    } else {
      tile.store(parked.pointer, stride: T.width)
      addPart(valid, width, T.width, address)
    }
  }

  /// Adds what of a parked tile is wanted, `width` numbers of some rows: a function of its own, as `WindowSweep.storePart`.
  @inline(never)
  private func addPart(_ rows: Int, _ width: Int, _ stride: Int, _ panel: UnsafeMutablePointer<Float>) {
    for row in 0..<rows { Elementwise.add(parked.pointer + row &* stride, to: panel + row &* width, width) }
  }

  @inline(__always)
  private func weightGradientTile<T: RegisterTile>(
    _ dy: UnsafePointer<Float>, _ rows: Range<Int>, _ tapRow: Int, _ start: Int
  ) -> T {
    let step = shape.stride * shape.input.channels
    var tile = T.zero
    // There is a pixel at least, as `WindowSweep.sweep` has it.
    var row = rows.lowerBound
    repeat {
      var x = UnsafePointer(image.pointer) + (row &* shape.stride &+ tapRow) &* image.rowStride + start
      var g = dy + row &* shape.output.width &* shape.output.channels
      let end = x + step &* shape.output.width
      repeat {
        tile.add(x, stride: 1, times: g)
        x += step
        g += shape.output.channels
      } while x != end
      row &+= 1
    } while row != rows.upperBound
    return tile
  }
}
