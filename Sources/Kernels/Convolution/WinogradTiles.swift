/// Strips of images, each a row of tiles, transformed for Winograd's convolution: (tile, 36, channels).
///
/// Strips are counted through all images of a batch.
struct WinogradTiles: Sendable {
  private typealias Transforms = WinogradTransforms
  typealias Numbers = UnsafeMutablePointer<Float>

  let image: ImageShape
  private let form: WinogradForm
  /// Rows and columns that a tile has of its own: outputs.
  private let side: Int
  /// Columns before the first tile's own that it reaches to.
  private let margin: Int
  /// Strips of an image, and tiles of a strip.
  let down: Int
  let across: Int
  let tiles: AlignedBuffer<Float>
  /// From one tile to the next, in numbers.
  let tileStride: Int
  /// A strip of which the first of the two passes was made: (column, 6, 16). Columns before the image and behind it stay
  /// zero.
  private let columns: AlignedBuffer<Float>
  /// A row above or below an image.
  private let zeros: AlignedBuffer<Float>
  /// For an image that is no whole number of tiles: a strip of one that is, on its way out.
  private let whole: AlignedBuffer<Float>?
  private let scratch = AlignedBuffer<Float>(count: 36 * 16)

  /// Room for `strips` strips.
  init(_ image: ImageShape, _ form: WinogradForm, strips: Int) {
    self.image = image
    self.form = form
    side = form.outputs
    margin = form.taps / 2
    across = (image.width + side - 1) / side
    down = (image.height + side - 1) / side
    tileStride = 36 * image.channels
    columns = AlignedBuffer(count: (side * across + 2 * margin) * Self.column)
    zeros = AlignedBuffer(count: image.width * image.channels)
    let isWhole = image.width % side == 0 && image.height % side == 0
    whole = isWhole ? nil : AlignedBuffer(count: side * side * across * image.channels)
    tiles = AlignedBuffer(count: rounded(strips * across, upTo: max(Tile.rows, TallTile.rows)) * tileStride)
  }

  /// Numbers of six vectors.
  private static let column = 6 * 16

  /// The memory of some strips, of which there may be fewer: nothing happens where there is none.
  func lines(_ images: Matrix, _ strips: Range<Int>) -> UpcomingLines {
    let place = { strip in strip / down * images.stride + side * (strip % down) * image.width * image.channels }
    let (first, last) = (place(strips.lowerBound), place(strips.upperBound))
    return UpcomingLines(first: images.pointer + first, count: (last - first) / CacheLine.floats)
  }

  /// Hands to `body` each strip's image, its first row, and where its tiles are.
  @inline(__always)
  private func forEachStrip(_ images: Matrix, _ strips: Range<Int>, _ body: (Numbers, Int, Numbers) -> Void) {
    var tile = tiles.pointer
    for strip in strips {
      let (image, row) = strip.quotientAndRemainder(dividingBy: down)
      body(images.row(image), side &* row, tile)
      tile += across &* tileStride
    }
  }

  /// tiles ← Bᵀ d B of some strips' overlapping squares of 6x6.
  func gather(_ images: Matrix, _ strips: Range<Int>) { gather(images, strips, before: margin, Transforms.input) }

  /// tiles ← A y Aᵀ of some strips' squares of outputs.
  func gatherGradient(_ images: Matrix, _ strips: Range<Int>) {
    switch form {
    case .fourOfThreeTaps: gather(images, strips, before: 0, FourOfThreeTaps.outputGradient)
    case .twoOfFiveTaps: gather(images, strips, before: 0, TwoOfFiveTaps.outputGradient)
    }
  }

  /// - Parameter before: rows above and columns before its own that a tile reaches to.
  @inline(__always)
  private func gather(
    _ images: Matrix, _ strips: Range<Int>, before: Int, _ map: (Transforms.Rows, Int, Numbers, Int) -> Void
  ) {
    let channels = image.channels
    forEachStrip(images, strips) { image, row, tiles in
      for channel in stride(from: 0, to: channels, by: 16) {
        let rows = Transforms.Rows { pixels(image, row &+ $0 &- before) + channel }
        for column in 0..<self.image.width {
          map(rows, column &* channels, columns.pointer + (column &+ margin) &* Self.column, 16)
        }
        for tile in 0..<across {
          let first = columns.pointer + (side &* tile &+ margin &- before) &* Self.column
          let target = tiles + tile &* tileStride + channel
          for row in 0..<6 {
            map(Transforms.Rows(first, step: Self.column), row &* 16, target + 6 &* row &* channels, channels)
          }
        }
      }
    }
  }

  /// A row of an image, or one outside it.
  @inline(__always)
  private func pixels(_ image: Numbers, _ row: Int) -> UnsafePointer<Float> {
    UnsafePointer(
      row >= 0 && row < self.image.height ? image + row &* (self.image.width &* self.image.channels) : zeros.pointer)
  }

  /// Some strips of images ← Aᵀ m A of the tiles.
  func scatter(_ images: Matrix, _ strips: Range<Int>) {
    switch form {
    case .fourOfThreeTaps: scatter(FourOfThreeTaps.self, images, strips)
    case .twoOfFiveTaps: scatter(TwoOfFiveTaps.self, images, strips)
    }
  }

  @inline(__always)
  private func scatter<Maps: WinogradMaps>(_: Maps.Type, _ images: Matrix, _ strips: Range<Int>) {
    let channels = image.channels
    let wide = Maps.outputs &* across &* channels
    forEachStrip(images, strips) { image, row, tiles in
      let pixels = image + row &* (self.image.width &* channels)
      let target = whole?.pointer ?? pixels
      for tile in 0..<across {
        for channel in stride(from: 0, to: channels, by: 16) {
          Transforms.square(
            inputs: 6, outputs: Maps.outputs, tiles + tile &* tileStride + channel, rowStep: 6 &* channels,
            columnStep: channels, target + Maps.outputs &* tile &* channels + channel, targetRow: wide,
            targetColumn: channels, scratch.pointer, Maps.output)
        }
      }
      guard let whole else { return }
      let count = self.image.width &* channels
      for row in 0..<min(Maps.outputs, self.image.height - row) {
        (pixels + row * count).update(from: whole.pointer + row * wide, count: count)
      }
    }
  }
}
