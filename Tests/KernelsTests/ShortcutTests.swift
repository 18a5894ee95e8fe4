import Kernels
import Testing

/// The identity; halved images of even and odd size, and of one row or column; channels that double and that grow by an odd number.
private let cases: [(source: ImageShape, target: ImageShape, stride: Int)] = [
  ((7, 9, 16), (7, 9, 16), 1), ((5, 4, 3), (5, 4, 3), 1), ((8, 8, 16), (4, 4, 32), 2), ((9, 7, 16), (5, 4, 32), 2),
  ((5, 4, 5), (3, 2, 10), 2), ((7, 7, 3), (3, 3, 8), 3), ((6, 6, 4), (6, 6, 7), 1), ((1, 1, 2), (1, 1, 4), 1),
  ((1, 20, 2), (1, 10, 4), 2), ((9, 1, 2), (5, 1, 2), 2),
].map { (image($0), image($1), $2) }

private func image(_ shape: (Int, Int, Int)) -> ImageShape {
  ImageShape(height: shape.0, width: shape.1, channels: shape.2)
}

struct ShortcutTests {
  @Test(arguments: cases)
  func everyStridethPixelIsAddedWithZerosOnEitherSideOfItsChannels(source: ImageShape, target: ImageShape, stride: Int)
  {
    let (x, y) = (normalNumbers(source.count, stream: 1), normalNumbers(target.count, stream: 2))
    let (input, output) = (GuardedMatrix(surroundings: .nan, x), GuardedMatrix(surroundings: 1e6, y))
    Shortcut(from: source, to: target).addAndRectify(input.pointer, to: output.pointer)
    let expected = zip(y, origins(source, target, stride)).map { y, origin in max(y + (origin.map { x[$0] } ?? 0), 0) }
    #expect(output.numbers == expected)
    #expect(output.isIntactOutside())
  }

  @Test(arguments: cases)
  func theGradientGoesBackToWhereTheNumbersCameFrom(source: ImageShape, target: ImageShape, stride: Int) {
    let (g, before) = (normalNumbers(target.count, stream: 1), normalNumbers(source.count, stream: 2))
    let (given, found) = (GuardedMatrix(surroundings: .nan, g), GuardedMatrix(surroundings: 1e6, before))
    Shortcut(from: source, to: target).addGradient(given.pointer, to: found.pointer)
    var expected = before
    for (g, origin) in zip(g, origins(source, target, stride)) { if let origin { expected[origin] += g } }
    #expect(found.numbers == expected)
    #expect(found.isIntactOutside())
  }

  @Test func notANumberShows() {
    for target in [image((2, 2, 1)), image((1, 1, 3))] {
      let (input, output) = ([Float](repeating: .nan, count: 4), GuardedMatrix(1, target.count, surroundings: 0))
      Shortcut(from: image((2, 2, 1)), to: target).addAndRectify(input, to: output.pointer)
      #expect(output.numbers.contains { $0.isNaN })
    }
  }

  /// For each number of the target, which number of the source is added to it: PyTorch's x[:, :, ::s, ::s], padded.
  private func origins(_ source: ImageShape, _ target: ImageShape, _ stride: Int) -> [Int?] {
    let before = (target.channels - source.channels) / 2
    return (0..<target.count).map { index in
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: target.channels)
      let (row, column) = pixel.quotientAndRemainder(dividingBy: target.width)
      guard (before..<(before + source.channels)).contains(channel) else { return nil }
      return stride * (row * source.width + column) * source.channels + channel - before
    }
  }
}
