/// A convolution with stride 1 that keeps the image's size, by Winograd's F(4x4, 3x3), a quarter of the multiplications, or
/// F(2x2, 5x5), 0.36 of them, at the price of transforms and some accuracy (errors of 1e-6 where direct sums have 1e-7).
///
///     image ─► tiles of 6x6, overlapping ─► Bᵀ d B ─┐
///                                                   ├─ 36 products (tiles, in) · (in, out) ─► Aᵀ m A ─► outputs
///     weights ─► G g Gᵀ ────────────────────────────┘
///
/// A few strips of images at a time, so that their tiles stay in the second-level cache; while their products are found, the
/// next ones are prefetched. Memory: tiles (tile, 36, channels), weights (36, panels). Lanes are channels
/// everywhere, so channels are multiples of 16.
struct WinogradConvolution: ConvolutionKernels {
  private typealias Transforms = WinogradTransforms
  /// Products of a tile.
  private static let points = 36
  /// Tiles that make a group of strips worth a pass over the weights.
  private static let groupTiles = 32

  private let shape: ConvolutionShape
  private let form: WinogradForm
  private let panels: WeightPanels
  private let groupStrips: Int
  private let input: WinogradTiles
  private let output: WinogradTiles
  /// From one point's panels to the next, in numbers.
  private let pointStride: Int
  /// G g Gᵀ, of the weights of the pass under way, (36, panels).
  private let weights: AlignedBuffer<Float>
  /// Σ over tiles of the products that make the weights' gradient, (36, panels).
  private let sums: AlignedBuffer<Float>
  /// For the input's gradient.
  private let reversed: ReversedWeights
  /// Of a square's map, and of the gradient of a square of weights.
  private let scratch: AlignedBuffer<Float>

  /// Whether this is a convolution that these kernels can do.
  static func supports(_ shape: ConvolutionShape) -> Bool { form(of: shape) != nil }

  private static func form(of shape: ConvolutionShape) -> WinogradForm? {
    WinogradForm.allCases.first { shape.isPlain(kernel: $0.taps) }
  }

  /// - Precondition: `supports(shape)`.
  init(_ shape: ConvolutionShape) {
    form = Self.form(of: shape)!
    self.shape = shape
    panels = WeightPanels(inputCount: shape.windowCount, outputCount: shape.output.channels)
    let across = (shape.input.width + form.outputs - 1) / form.outputs
    groupStrips = (Self.groupTiles + across - 1) / across
    input = WinogradTiles(shape.input, form, strips: groupStrips)
    output = WinogradTiles(shape.output, form, strips: groupStrips)
    // An odd number of cache lines, lest all points want the same place in a cache.
    pointStride = rounded(shape.input.channels * shape.output.channels, upTo: 2 * CacheLine.floats) + CacheLine.floats
    weights = AlignedBuffer(count: Self.points * pointStride)
    sums = AlignedBuffer(count: weights.count)
    reversed = ReversedWeights(shape)
    scratch = AlignedBuffer(count: (6 + form.taps) * form.taps * 16)
  }

  func index(window: Int, output: Int) -> Int { panels.index(input: window, output: output) }

  func prepareForward(_ weights: Weights) { transform(weights, panels, inputs: shape.input.channels) }

  func forward(_ weights: Weights, input: Matrix, output: Matrix) {
    convolve(input, self.input, output, self.output)
  }

  func prepareInputGradient(_ weights: Weights) {
    reversed.prepare(weights, panels)
    transform(reversed.pointer, reversed.panels, inputs: shape.output.channels)
  }

  func inputGradient(_ weights: Weights, outputGradient: Matrix, inputGradient: Matrix) {
    convolve(outputGradient, output, inputGradient, input)
  }

  /// target ← source ∗ the transformed weights.
  private func convolve(_ source: Matrix, _ from: WinogradTiles, _ target: Matrix, _ to: WinogradTiles) {
    forEachGroup(source.rows) { strips in
      from.gather(source, strips)
      let next = strips.upperBound..<strips.upperBound + strips.count
      multiply(
        from, to, tiles: strips.count * from.across, reading: from.lines(source, next),
        writing: to.lines(target, strips))
      to.scatter(target, strips)
    }
  }

  /// Hands the strips of `rows` images to `body`, some at a time.
  private func forEachGroup(_ rows: Int, _ body: (Range<Int>) -> Void) {
    let strips = rows * input.down
    for first in stride(from: 0, to: strips, by: groupStrips) { body(first..<min(first + groupStrips, strips)) }
  }

  // MARK: Weights

  /// self.weights (36, panels (in, out)) ← G g Gᵀ.
  private func transform(_ weights: UnsafePointer<Float>, _ panels: WeightPanels, inputs: Int) {
    switch form {
    case .fourOfThreeTaps: transform(FourOfThreeTaps.self, weights, panels, inputs: inputs)
    case .twoOfFiveTaps: transform(TwoOfFiveTaps.self, weights, panels, inputs: inputs)
    }
  }

  @inline(__always)
  private func transform<Maps: WinogradMaps>(
    _: Maps.Type, _ weights: UnsafePointer<Float>, _ panels: WeightPanels, inputs: Int
  ) {
    forEachVector(panels, inputs) { window, transformed, width in
      Transforms.square(
        inputs: Maps.taps, outputs: 6, weights + window, rowStep: Maps.taps &* inputs &* width,
        columnStep: inputs &* width, self.weights.pointer + transformed, targetRow: 6 &* pointStride,
        targetColumn: pointStride, scratch.pointer, Maps.weights)
    }
  }

  /// Hands each vector of weights to `body`: where it is in window 0 and where in point 0, and its panel's width.
  @inline(__always)
  private func forEachVector(_ panels: WeightPanels, _ inputs: Int, _ body: (Int, Int, Int) -> Void) {
    for first in stride(from: 0, to: panels.outputCount, by: 16) {
      let panel = first / WeightPanels.width * WeightPanels.width
      let width = panels.width(from: panel)
      for input in 0..<inputs {
        let place = input * width + first - panel
        body(panels.offset(from: panel) + place, panel * inputs + place, width)
      }
    }
  }

  // MARK: Products

  /// Hands each panel of each point to `body`: the point, the panel's first output, and where the panel is in memory.
  @inline(__always)
  private func forEachPanel(_ inputs: Int, _ outputs: Int, _ body: (Int, Int, Int) -> Void) {
    for point in 0..<Self.points {
      for first in stride(from: 0, to: outputs, by: WeightPanels.width) {
        body(point, first, point &* pointStride &+ first &* inputs)
      }
    }
  }

  /// to.tiles ← from.tiles · weights, at each of the 36 points, while asking for memory.
  private func multiply(
    _ from: WinogradTiles, _ to: WinogradTiles, tiles: Int, reading: UpcomingLines, writing: UpcomingLines
  ) {
    let (inputs, outputs) = (from.image.channels, to.image.channels)
    forEachPanel(inputs, outputs) { point, first, place in
      if first == 0 {
        reading.prefetch(part: point, of: Self.points)
        writing.prefetchToWrite(part: point, of: Self.points)
      }
      let (source, target) = (from.tiles.pointer + point &* inputs, to.tiles.pointer + (point &* outputs &+ first))
      let panel = weights.pointer + place
      if !WeightPanels.isNarrow(outputs - first) {
        multiply(Tile.self, source, inputs, panel, target, outputs, tiles)
      } else if inputs == 16 {
        // A constant lets the compiler address sixteen rows without sixteen registers.
        multiply(TallTile.self, source, 16, panel, target, outputs, tiles)
      } else {
        multiply(TallTile.self, source, inputs, panel, target, outputs, tiles)
      }
    }
  }

  @inline(__always)
  private func multiply<T: RegisterTile>(
    _: T.Type, _ source: UnsafePointer<Float>, _ inputs: Int, _ panel: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, _ outputs: Int, _ tiles: Int
  ) {
    T.cover(tiles) {
      multiply(T.self, from: $0, source, inputs, panel, target, outputs)
    } rest: {
      multiply(T.Rest.self, from: $0, source, inputs, panel, target, outputs)
    }
  }

  /// One tile of registers.
  @inline(__always)
  private func multiply<T: RegisterTile>(
    _: T.Type, from first: Int, _ source: UnsafePointer<Float>, _ inputs: Int, _ panel: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, _ outputs: Int
  ) {
    let (sourceStride, targetStride) = (Self.points &* inputs, Self.points &* outputs)
    let x = source + first &* sourceStride
    var tile = T.zero
    for input in 0..<inputs { tile.add(x + input, stride: sourceStride, times: panel + input &* T.width) }
    // There is room for whole tiles of registers: what they hold beyond the last is never looked at.
    tile.store(target + first &* targetStride, stride: targetStride)
  }

  // MARK: Weight gradient

  func prepareWeightGradient() { sums.elements.update(repeating: 0) }

  func addWeightGradient(input: Matrix, outputGradient: Matrix, to gradient: Weights) {
    forEachGroup(input.rows) { strips in
      self.input.gather(input, strips)
      output.gatherGradient(outputGradient, strips)
      let next = strips.upperBound..<strips.upperBound + strips.count
      addProducts(tiles: strips.count * output.across, reading: self.input.lines(input, next))
    }
  }

  /// sums ← sums + input tilesᵀ · output tiles, at each of the 36 points, while asking for memory.
  private func addProducts(tiles: Int, reading: UpcomingLines) {
    let (inputs, outputs) = (shape.input.channels, shape.output.channels)
    forEachPanel(inputs, outputs) { point, first, place in
      if first == 0 { reading.prefetch(part: point, of: Self.points) }
      let (x, dy) = (input.tiles.pointer + point &* inputs, output.tiles.pointer + (point &* outputs &+ first))
      if !WeightPanels.isNarrow(outputs - first) {
        addProducts(Tile.self, x, dy, sums.pointer + place, tiles)
      } else {
        addProducts(TallTile.self, x, dy, sums.pointer + place, tiles)
      }
    }
  }

  @inline(__always)
  private func addProducts<T: RegisterTile>(
    _: T.Type, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ panel: UnsafeMutablePointer<Float>, _ tiles: Int
  ) {
    T.cover(shape.input.channels) {
      addProducts(T.self, from: $0, x, dy, panel, tiles)
    } rest: {
      addProducts(T.Rest.self, from: $0, x, dy, panel, tiles)
    }
  }

  /// One tile of registers.
  @inline(__always)
  private func addProducts<T: RegisterTile>(
    _: T.Type, from input: Int, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ panel: UnsafeMutablePointer<Float>, _ tiles: Int
  ) {
    let (xStride, dyStride) = (Self.points &* shape.input.channels, Self.points &* shape.output.channels)
    let block = panel + input &* T.width
    var tile = T(block, stride: T.width)
    for index in 0..<tiles {
      tile.add(x + index &* xStride + input, stride: 1, times: dy + index &* dyStride)
    }
    tile.store(block, stride: T.width)
  }

  /// gradient ← gradient + Gᵀ u G.
  func finishWeightGradient(to gradient: Weights) {
    switch form {
    case .fourOfThreeTaps: finishWeightGradient(FourOfThreeTaps.self, to: gradient)
    case .twoOfFiveTaps: finishWeightGradient(TwoOfFiveTaps.self, to: gradient)
    }
  }

  @inline(__always)
  private func finishWeightGradient<Maps: WinogradMaps>(_: Maps.Type, to gradient: Weights) {
    let inputs = shape.input.channels
    // After what the map itself needs.
    let result = scratch.pointer + 6 * Maps.taps * 16
    forEachVector(panels, inputs) { window, transformed, width in
      Transforms.square(
        inputs: 6, outputs: Maps.taps, sums.pointer + transformed, rowStep: 6 &* pointStride, columnStep: pointStride,
        result, targetRow: Maps.taps &* 16, targetColumn: 16, scratch.pointer, Maps.weightGradient)
      for tap in 0..<Maps.taps * Maps.taps {
        let address = gradient + window + tap &* inputs &* width
        (SIMD16.load(address) + SIMD16.load(result + tap &* 16)).store(address)
      }
    }
  }
}
