/// The gradient for a convolution's input: again sweeps of windows, over the padded gradient of its output.
///
/// Input pixel y gets w[k] · dy[(y + padding − k) / stride] from every k for which the division leaves nothing. So the
/// pixels with equal y mod stride, in either direction, share their weights: each such *phase* is a sweep of its own,
/// whose windows are the k in falling order. With stride 1 there is one phase, all weights reversed.
struct AdjointConvolution: Sendable {
  private struct Phase {
    /// Of the window, in the order of the phase's own.
    let taps: [Int]
    let sweep: WindowSweep
    let weights: AlignedBuffer<Float>
  }

  private let shape: ConvolutionShape
  private let image: PaddedImage
  private let phases: [Phase]

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    // No window begins more than a kernel before the image, or ends that far behind it.
    let margin = shape.kernel
    let image = PaddedImage(shape.output, before: margin, below: margin + shape.stride, right: margin + shape.stride)
    self.image = image
    let phases = 0..<shape.stride
    self.phases = phases.flatMap { row in
      phases.compactMap { column in Self.phase(row, column, shape, image, margin) }
    }
  }

  /// The k that reach a pixel with y mod stride = `phase`, in falling order.
  private static func taps(_ phase: Int, _ shape: ConvolutionShape) -> [Int] {
    (0..<shape.kernel).reversed().filter { (phase + shape.padding - $0) % shape.stride == 0 }
  }

  private static func phase(
    _ row: Int, _ column: Int, _ shape: ConvolutionShape, _ image: PaddedImage, _ margin: Int
  ) -> Phase? {
    let (rowTaps, columnTaps) = (taps(row, shape), taps(column, shape))
    let (input, output, stride) = (shape.input, shape.output, shape.stride)
    guard row < input.height, column < input.width, !rowTaps.isEmpty, !columnTaps.isEmpty else { return nil }
    // Of the first window, in the padded gradient.
    let top = margin + (row + shape.padding - rowTaps[0]) / stride
    let left = margin + (column + shape.padding - columnTaps[0]) / stride
    let sweep = WindowSweep(
      height: (input.height - row + stride - 1) / stride, width: (input.width - column + stride - 1) / stride,
      tapRows: rowTaps.count, run: columnTaps.count * output.channels, inputRow: image.rowStride,
      outputs: input.channels, step: output.channels,
      source: { ($0 + top) * image.rowStride + ($1 + left) * output.channels },
      destination: { (($0 * stride + row) * input.width + $1 * stride + column) * input.channels })
    let count = rowTaps.count * columnTaps.count * output.channels * input.channels
    let taps = rowTaps.flatMap { row in columnTaps.map { row * shape.kernel + $0 } }
    return Phase(taps: taps, sweep: sweep, weights: AlignedBuffer(count: count))
  }

  /// Takes the weights, in `panels`, for `apply`.
  func prepare(_ weights: UnsafePointer<Float>, _ panels: WeightPanels) {
    for phase in phases {
      panels.transposeTaps(
        of: weights, taps: phase.taps, inputs: shape.input.channels, into: phase.weights.pointer)
    }
  }

  /// inputGradient ← the adjoint convolution of `outputGradient`.
  func apply(_ outputGradient: Matrix, _ inputGradient: Matrix) {
    let reachesAll = phases.count == shape.stride * shape.stride
    for row in 0..<outputGradient.rows {
      if !reachesAll { inputGradient.row(row).update(repeating: 0, count: shape.input.count) }
      image.copy(from: outputGradient.row(row))
      for phase in phases { phase.sweep.apply(image.pointer, phase.weights.pointer, inputGradient.row(row)) }
    }
  }
}
