/// One pass of windows over a padded image: for every output pixel, the sums over its window for all output channels.
///
/// A window is `tapRows` runs of `run` consecutive numbers, `inputRow` apart; the weights are panels (window, out).
///
///     padded image, channels last         registers: pixels x outputs of a tile
///     ┌───────────────────────┐
///     │ ├─run─┤├─run─┤ …      │           pixel 0  Σ x · w[0..<32]
///     │ ├─run─┤├─run─┤ …      │  ───►     pixel 1  Σ x · w[0..<32]
///     │ ├─run─┤├─run─┤ …      │             …
///     └───────────────────────┘
///
/// Each number of a run is broadcast and multiplied by a row of the panel: a dense product whose rows overlap.
struct WindowSweep: Sendable {
  private let pixels: Int
  private let tapRows: Int
  private let run: Int
  private let inputRow: Int
  private let panels: WeightPanels
  /// Of each pixel's window in the padded image; the last one again up to a whole tile.
  private let sources: AlignedBuffer<Int32>
  /// Of each pixel in the output.
  private let destinations: AlignedBuffer<Int32>
  /// From one window to the next, where the neighbours of a tall tile always are this far apart; else nil.
  private let step: Int?
  /// A tile on its way to memory, where not all of it is wanted.
  private let parked = AlignedBuffer<Float>(count: max(Tile.count, TallTile.count))

  /// - Parameters:
  ///   - source: where the window of pixel (row, column) begins in the padded image.
  ///   - destination: where the pixel's first output goes.
  init(
    height: Int, width: Int, tapRows: Int, run: Int, inputRow: Int, outputs: Int, step: Int,
    source: (Int, Int) -> Int, destination: (Int, Int) -> Int
  ) {
    pixels = height * width
    self.tapRows = tapRows
    self.run = run
    self.inputRow = inputRow
    self.step = width % TallTile.rows == 0 ? step : nil
    panels = WeightPanels(inputCount: tapRows * run, outputCount: outputs)
    let last = pixels - 1
    let places = (0..<rounded(pixels, upTo: Tile.rows)).map { min($0, last).quotientAndRemainder(dividingBy: width) }
    sources = AlignedBuffer(places.map { Int32(source($0.quotient, $0.remainder)) })
    destinations = AlignedBuffer(places.map { Int32(destination($0.quotient, $0.remainder)) })
  }

  /// Weights that one sweep wants: panels (tapRows · run, outputs).
  var layout: WeightPanels { panels }

  func apply(_ image: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    for first in stride(from: 0, to: panels.outputCount, by: WeightPanels.width) {
      let width = panels.width(from: first)
      let panel = weights + panels.offset(from: first)
      if panels.isNarrow(from: first), let step {
        // Constants let the compiler address sixteen rows without sixteen registers.
        switch step {
        case 3: sweepTall(image, panel, width, output + first, step: 3)
        case 32: sweepTall(image, panel, width, output + first, step: 32)
        default: sweepTall(image, panel, width, output + first, step: step)
        }
      } else {
        sweep(image, panel, width, output + first)
      }
    }
  }

  private func sweep(
    _ image: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ width: Int, _ output: UnsafeMutablePointer<Float>
  ) {
    Tile.cover(pixels) {
      sweep(Tile.self, from: $0, image, panel, width, output)
    } rest: {
      sweep(Tile.Rest.self, from: $0, image, panel, width, output)
    }
  }

  /// The pixels of one tile.
  @inline(__always)
  private func sweep<T: RegisterTile>(
    _: T.Type, from pixel: Int, _ image: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ width: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let rows = T.Places { image + Int(sources.pointer[pixel &+ $0]) }
    var tile = T.zero
    var w = panel
    // A window holds a number at least. Loops that say so leave the sums in their registers.
    var start = 0
    repeat {
      var k = start
      let end = start &+ run
      repeat {
        tile.add(rows, k, times: .load(w))
        w += width
        k &+= 1
      } while k != end
      start &+= inputRow
    } while start != tapRows &* inputRow
    store(tile, pixel, width, output)
  }

  @inline(__always)
  private func sweepTall(
    _ image: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ width: Int, _ output: UnsafeMutablePointer<Float>,
    step: Int
  ) {
    for pixel in stride(from: 0, to: pixels, by: TallTile.rows) {
      var tile = TallTile.zero
      var w = panel
      for row in 0..<tapRows {
        let x = image + Int(sources.pointer[pixel]) + row &* inputRow
        for k in 0..<run {
          tile.add(x + k, stride: step, times: w)
          w += width
        }
      }
      store(tile, pixel, width, output)
    }
  }

  @inline(__always)
  private func store<T: RegisterTile>(_ tile: T, _ pixel: Int, _ width: Int, _ output: UnsafeMutablePointer<Float>) {
    if width == T.width && pixel &+ T.rows <= pixels {
      tile.forEachRow { row, sums in sums.store(output + Int(destinations.pointer[pixel &+ row])) }
    } else {
      tile.store(parked.pointer, stride: T.width)
      storePart(pixel..<min(pixel &+ T.rows, pixels), width, T.width, output)
    }
  }

  /// Stores what is parked of some pixels. A function of its own, since parts of vectors, even where none are stored, would
  /// cost a tile beside them its registers.
  @inline(never)
  private func storePart(_ pixels: Range<Int>, _ width: Int, _ stride: Int, _ output: UnsafeMutablePointer<Float>) {
    for (row, pixel) in pixels.enumerated() {
      (output + Int(destinations.pointer[pixel])).update(from: parked.pointer + row &* stride, count: width)
    }
  }
}
