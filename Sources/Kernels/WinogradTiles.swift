/// Some images cut into tiles for Winograd's convolution, transformed: (tile, 36, channels).
struct WinogradTiles: Sendable {
  private typealias Transforms = WinogradTransforms

  let image: ImageShape
  /// How many images there is room for.
  let images: Int
  let tiles: AlignedBuffer<Float>
  private let across: Int
  private let down: Int
  /// An image on its way in, filled up to whole tiles.
  private let padded: PaddedImage
  /// For an image that is no whole number of tiles: one that is, on its way out.
  private let whole: AlignedBuffer<Float>?
  private let scratch = AlignedBuffer<Float>(count: 36 * 16)

  /// Room for at least `count` tiles.
  init(_ image: ImageShape, atLeast count: Int) {
    self.image = image
    across = (image.width + 3) / 4
    down = (image.height + 3) / 4
    images = (count + across * down - 1) / (across * down)
    padded = PaddedImage(
      image, before: 1, below: 1 + down * 4 - image.height, right: 1 + across * 4 - image.width)
    let isWhole = image.width % 4 == 0 && image.height % 4 == 0
    whole = isWhole ? nil : AlignedBuffer(count: 16 * across * down * image.channels)
    tiles = AlignedBuffer(count: rounded(images * across * down, upTo: TallTile.rows) * 36 * image.channels)
  }

  var perImage: Int { across * down }

  /// Hands each tile's first pixel and where it is in memory to `body`, once for every 16 channels, with the first of them.
  @inline(__always)
  private func forEachTile(
    _ slot: Int, _ body: (_ row: Int, _ column: Int, _ channel: Int, _ tile: UnsafeMutablePointer<Float>) -> Void
  ) {
    for row in 0..<down {
      for column in 0..<across {
        let tile = tiles.pointer + ((slot * down + row) * across + column) * 36 * image.channels
        for channel in stride(from: 0, to: image.channels, by: 16) {
          body(4 * row, 4 * column, channel, tile + channel)
        }
      }
    }
  }

  /// tiles of `slot` ← Bᵀ d B of an image's overlapping squares of 6x6.
  func gather(_ numbers: UnsafePointer<Float>, _ slot: Int) {
    padded.copy(from: numbers)
    let channels = image.channels
    forEachTile(slot) { row, column, channel, tile in
      let corner = padded.pointer + row &* padded.rowStride + column &* channels + channel
      Transforms.square(
        inputs: 6, outputs: 6, corner, rowStep: padded.rowStride, columnStep: channels, tile,
        targetRow: 6 &* channels, targetColumn: channels, scratch.pointer, Transforms.input)
    }
  }

  /// tiles of `slot` ← A y Aᵀ of an image's squares of 4x4.
  func gatherGradient(_ numbers: UnsafePointer<Float>, _ slot: Int) {
    let channels = image.channels
    var (source, rowStride) = (numbers, image.width &* channels)
    if whole != nil {
      padded.copy(from: numbers)
      (source, rowStride) = (UnsafePointer(padded.pointer) + padded.rowStride + channels, padded.rowStride)
    }
    forEachTile(slot) { row, column, channel, tile in
      Transforms.square(
        inputs: 4, outputs: 6, source + row &* rowStride + column &* channels + channel, rowStep: rowStride,
        columnStep: channels, tile, targetRow: 6 &* channels, targetColumn: channels, scratch.pointer,
        Transforms.outputGradient)
    }
  }

  /// An image ← Aᵀ m A of the tiles of `slot`.
  func scatter(_ numbers: UnsafeMutablePointer<Float>, _ slot: Int) {
    let (channels, wide) = (image.channels, 4 * across)
    let target = whole?.pointer ?? numbers
    forEachTile(slot) { row, column, channel, tile in
      Transforms.square(
        inputs: 6, outputs: 4, tile, rowStep: 6 &* channels, columnStep: channels,
        target + (row &* wide &+ column) &* channels + channel, targetRow: wide &* channels, targetColumn: channels,
        scratch.pointer, Transforms.output)
    }
    guard let whole else { return }
    let count = image.width * channels
    for row in 0..<image.height {
      (numbers + row * count).update(from: whole.pointer + row * wide * channels, count: count)
    }
  }
}
