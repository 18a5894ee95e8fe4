/// A 3x3 convolution with stride 1 and padding 1 by sums in registers: direct, as `DirectConvolution`, but each number
/// that is loaded serves all three taps of a window's row, so that multipliers limit and not loads.
///
///     outputs          y[0]   y[1]   y[2]   …            pixels x outputs of a tile
///                    ↗ ↑  ↖ ↗ ↑  ↖ ↗ ↑  ↖
///     inputs     x[-1]  x[0]   x[1]   x[2]   …           of one row; x[-1] and the one behind the last are zero
///
/// Images are read where they are: rows above and below are left out, pixels beside them are a pixel of zeros.
struct ThreeTapConvolution: ConvolutionKernels {
  private let shape: ConvolutionShape
  private let panels: WeightPanels
  /// For the input's gradient.
  private let reversed: ReversedWeights
  /// The pixel beside an image.
  private let zeros: AlignedBuffer<Float>

  /// Whether this is a convolution that these kernels can do: its panels and rows of pixels fill the tiles.
  static func supports(_ shape: ConvolutionShape) -> Bool {
    let isWide = shape.input.channels % Tile.width == 0 && shape.output.channels % Tile.width == 0
    return shape.isPlain(kernel: 3) && shape.input.width % (isWide ? Tile.Rest.rows : TallTile.Rest.rows) == 0
  }

  /// - Precondition: `supports(shape)`.
  init(_ shape: ConvolutionShape) {
    precondition(Self.supports(shape))
    self.shape = shape
    panels = WeightPanels(inputCount: shape.windowCount, outputCount: shape.output.channels)
    reversed = ReversedWeights(shape)
    zeros = AlignedBuffer(count: max(shape.input.channels, shape.output.channels))
  }

  func index(window: Int, output: Int) -> Int { panels.index(input: window, output: output) }

  func forward(_ weights: Weights, input: Matrix, output: Matrix) { convolve(input, weights, panels, output) }

  func prepareInputGradient(_ weights: Weights) { reversed.prepare(weights, panels) }

  func inputGradient(_ weights: Weights, outputGradient: Matrix, inputGradient: Matrix) {
    convolve(outputGradient, reversed.pointer, reversed.panels, inputGradient)
  }

  /// target ← source ∗ weights.
  private func convolve(_ source: Matrix, _ weights: UnsafePointer<Float>, _ panels: WeightPanels, _ target: Matrix) {
    let channels = panels.inputCount / 9
    for image in 0..<source.rows {
      for first in stride(from: 0, to: panels.outputCount, by: WeightPanels.width) {
        let panel = weights + panels.offset(from: first)
        let output = target.row(image) + first
        if panels.isNarrow(from: first) {
          convolve(TallTile.Rest.self, source.row(image), channels, panel, output, panels.outputCount)
        } else {
          convolve(Tile.Rest.self, source.row(image), channels, panel, output, panels.outputCount)
        }
      }
    }
  }

  /// One panel's outputs, in pixels of `outputs` numbers.
  @inline(__always)
  private func convolve<T: PixelTile>(
    _: T.Type, _ image: UnsafePointer<Float>, _ channels: Int, _ panel: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ outputs: Int
  ) {
    let (height, width) = (shape.input.height, shape.input.width)
    for row in 0..<height {
      for column in stride(from: 0, to: width, by: T.rows) {
        var tile = T.zero
        for tap in max(0, 1 &- row)..<min(3, height &+ 1 &- row) {
          let pixels = image + ((row &+ tap &- 1) &* width &+ column) &* channels
          let before = column == 0 ? UnsafePointer(zeros.pointer) : pixels - channels
          let after = column &+ T.rows == width ? UnsafePointer(zeros.pointer) : pixels + T.rows &* channels
          let tapStride = channels &* T.width
          var w = panel + 3 &* tap &* tapStride
          for channel in 0..<channels {
            tile.addTaps(
              before + channel, pixels + channel, after + channel, stride: channels,
              times: (.load(w), .load(w + tapStride), .load(w + 2 &* tapStride)))
            w += T.width
          }
        }
        let target = output + (row &* width &+ column) &* outputs
        tile.forEachRow { $1.store(target + $0 &* outputs) }
      }
    }
  }

  // MARK: Weight gradient

  func addWeightGradient(input: Matrix, outputGradient: Matrix, to gradient: Weights) {
    let (channels, outputs, height) = (shape.input.channels, shape.output.channels, shape.input.height)
    for image in 0..<input.rows {
      for block in stride(from: 0, to: height, by: Self.blockRows) {
        let rows = block..<min(block + Self.blockRows, height)
        for first in stride(from: 0, to: outputs, by: MachineVector.scalarCount) {
          for tapRow in 0..<3 {
            for channel in stride(from: 0, to: channels, by: TripleTile.rows) {
              let tile = weightGradientTile(
                input.row(image) + channel, outputGradient.row(image) + first, rows, tapRow)
              let place = panels.index(input: 3 * tapRow * channels + channel, output: first)
              let width = panels.width(from: first / WeightPanels.width * WeightPanels.width)
              tile.forEachRow { row, taps in
                Self.add(taps, to: gradient + place + row &* width, channels &* width)
              }
            }
          }
        }
      }
    }
  }

  /// Of some channels at `x`, some outputs at `dy` and a row of taps: Σ over the pixels of `rows`, rows of outputs.
  @inline(__always)
  private func weightGradientTile(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ rows: Range<Int>, _ tapRow: Int
  ) -> TripleTile {
    let (width, channels, outputs) = (shape.input.width, shape.input.channels, shape.output.channels)
    var tile = TripleTile.zero
    let lowest = max(rows.lowerBound, 1 &- tapRow)
    let highest = min(rows.upperBound, shape.input.height &+ 1 &- tapRow)
    for row in lowest..<max(lowest, highest) {
      var pixel = x + (row &+ tapRow &- 1) &* width &* channels
      var g = dy + row &* width &* outputs
      for column in 0..<width {
        let after = column &+ 1 == width ? UnsafePointer(zeros.pointer) : g + outputs
        let before = column == 0 ? UnsafePointer(zeros.pointer) : g - outputs
        tile.add(pixel, stride: 1, times: Triple(.load(after), .load(g), .load(before)))
        pixel += channels
        g += outputs
      }
    }
    return tile
  }

  /// Adds the sums of three taps to those in memory, `stride` numbers apart.
  @inline(__always)
  private static func add(_ taps: TripleTile.Row, to address: UnsafeMutablePointer<Float>, _ stride: Int) {
    (.load(address) + taps.first).store(address)
    (.load(address + stride) + taps.second).store(address + stride)
    (.load(address + 2 &* stride) + taps.third).store(address + 2 &* stride)
  }
}
