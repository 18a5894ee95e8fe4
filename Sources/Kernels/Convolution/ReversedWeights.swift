/// The weights of a 3x3 convolution with stride 1 turned round, by which the same sums give the gradient for its input:
/// panels (window, in) over the output's channels, the taps in reverse.
struct ReversedWeights: Sendable {
  private static let taps = Array((0..<9).reversed())

  let panels: WeightPanels
  private let inputs: Int
  private let numbers: AlignedBuffer<Float>

  init(_ shape: ConvolutionShape) {
    panels = WeightPanels(inputCount: 9 * shape.output.channels, outputCount: shape.input.channels)
    inputs = shape.input.channels
    numbers = AlignedBuffer(count: shape.weightCount)
  }

  var pointer: UnsafePointer<Float> { UnsafePointer(numbers.pointer) }

  /// Takes `weights` in `panels`.
  func prepare(_ weights: UnsafePointer<Float>, _ panels: WeightPanels) {
    panels.transposeTaps(of: weights, taps: Self.taps, inputs: inputs, into: numbers.pointer)
  }
}
