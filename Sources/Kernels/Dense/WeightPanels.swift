/// How our own kernels lay out a weight matrix (in, out): in *panels* of neighbouring outputs, as many as a tile is wide
/// (fewer in the last one), one after another, one row of a panel per input. With 32:
///
///     weights (in, out)               panels
///     ┌────32────┬────32────┬─10─┐    ┌────32────┐┌────32────┐┌─10─┐
///     │ input 0  │          │    │    │ input 0  ││ input 0  ││    │
///     │ input 1  │          │    │ →  │ input 1  ││ input 1  ││    │
///     │   …      │          │    │    │   …      ││   …      ││    │
///     └──────────┴──────────┴────┘    └──────────┘└──────────┘└────┘
///
/// A panel is read front to back, so that memory streams, and no two rows that are used together lie a power of two apart.
struct WeightPanels: Equatable, Sendable {
  static var width: Int { Tile.width }

  let inputCount: Int
  let outputCount: Int

  /// Outputs of the panel that begins with output `first`.
  func width(from first: Int) -> Int { min(Self.width, outputCount - first) }

  /// Whether half of a `Tile` would be idle for the panel that begins with output `first`, and not of a `TallTile`.
  func isNarrow(from first: Int) -> Bool { Self.isNarrow(outputCount - first) }

  /// Whether it would be for so many outputs.
  @inline(__always)
  static func isNarrow(_ outputs: Int) -> Bool { TallTile.width < Tile.width && outputs <= TallTile.width }

  /// Where the panel that begins with output `first` is.
  func offset(from first: Int) -> Int { first * inputCount }

  /// Where the weight from `input` to `output` is.
  func index(input: Int, output: Int) -> Int {
    let first = output / Self.width * Self.width
    return offset(from: first) + input * width(from: first) + output - first
  }

  /// For the gradient with respect to a convolution's input: the weights (tap, in, out) in these panels become
  /// transposed (tap, out, in), in panels over the inputs, the taps in the order given.
  func transposeTaps(
    of weights: UnsafePointer<Float>, taps: [Int], inputs: Int, into transposed: UnsafeMutablePointer<Float>
  ) {
    let layout = WeightPanels(inputCount: taps.count * outputCount, outputCount: inputs)
    for (place, tap) in taps.enumerated() {
      for first in stride(from: 0, to: outputCount, by: Self.width) {
        let width = width(from: first)
        let source = weights + offset(from: first) + tap * inputs * width
        for panel in stride(from: 0, to: inputs, by: Self.width) {
          let panelWidth = layout.width(from: panel)
          let target = transposed + layout.offset(from: panel) + (place * outputCount + first) * panelWidth
          for input in 0..<panelWidth {
            let row = source + (panel &+ input) &* width
            for output in 0..<width { target[output &* panelWidth &+ input] = row[output] }
          }
        }
      }
    }
  }
}
