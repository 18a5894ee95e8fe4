/// How our own kernels lay out a weight matrix (in, out): in *panels* of 32 neighbouring outputs (fewer in the last
/// one), one after another, one row of a panel per input.
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
  static let width = 32

  let inputCount: Int
  let outputCount: Int

  /// Outputs of the panel that begins with output `first`.
  func width(from first: Int) -> Int { min(Self.width, outputCount - first) }

  /// Where the panel that begins with output `first` is.
  func offset(from first: Int) -> Int { first * inputCount }

  /// Where the weight from `input` to `output` is.
  func index(input: Int, output: Int) -> Int {
    let first = output / Self.width * Self.width
    return offset(from: first) + input * width(from: first) + output - first
  }
}
