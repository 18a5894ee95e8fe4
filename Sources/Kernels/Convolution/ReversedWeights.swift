/// The weights of a convolution with stride 1 turned round, by which the same sums give the gradient for its input:
/// panels (window, in) over the output's channels, the taps in reverse.
struct ReversedWeights: Sendable {
  let panels: WeightPanels
  private let inputs: Int
  private let taps: [Int]
  private let numbers: AlignedBuffer<Float>

  init(_ shape: ConvolutionShape) {
    taps = (0..<shape.kernel * shape.kernel).reversed()
    panels = WeightPanels(inputCount: taps.count * shape.output.channels, outputCount: shape.input.channels)
    inputs = shape.input.channels
    numbers = AlignedBuffer(count: shape.weightCount)
  }

  var pointer: UnsafePointer<Float> { UnsafePointer(numbers.pointer) }

  /// Takes `weights` in `panels`.
  func prepare(_ weights: UnsafePointer<Float>, _ panels: WeightPanels) {
    panels.transposeTaps(of: weights, taps: taps, inputs: inputs, into: numbers.pointer)
  }
}
