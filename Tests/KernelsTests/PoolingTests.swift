import Kernels
import Testing

/// Windows that fill the image and that don't; channels that fill vectors and that don't.
private let cases: [(ImageShape, Int)] = [
  ((4, 6, 3), 2), ((7, 9, 5), 2), ((7, 9, 16), 3), ((5, 4, 33), 2), ((3, 3, 1), 3), ((2, 5, 7), 1), ((14, 14, 32), 2),
].map { (ImageShape(height: $0.0, width: $0.1, channels: $0.2), $1) }

struct PoolingTests {
  // MARK: Maximum

  @Test(arguments: cases)
  func poolingKeepsTheLargestNumberOfEachWindow(image: ImageShape, size: Int) {
    let pooling = MaximumPooling(image, size: size)
    #expect(
      pooling.output == ImageShape(height: image.height / size, width: image.width / size, channels: image.channels))
    let numbers = normalNumbers(image.count, stream: 1)
    let (input, output) = (GuardedMatrix(surroundings: .nan, numbers), empty(pooling.output, around: .nan))
    let bias = GuardedMatrix(surroundings: .nan, normalNumbers(image.channels, stream: 3))
    pooling.forward(input.pointer, bias: bias.pointer, output.pointer, taps: nil)
    let expected = (0..<pooling.output.count).map { index in
      max(window(index, pooling).map { numbers[$0] }.max()! + bias.numbers[index % image.channels], 0)
    }
    #expect(output.numbers == expected)
    #expect(output.isIntactOutside())
  }

  @Test(arguments: cases)
  func theGradientOfAWindowGoesToItsLargestNumber(image: ImageShape, size: Int) {
    let pooling = MaximumPooling(image, size: size)
    let (numbers, gradients) = (normalNumbers(image.count, stream: 1), normalNumbers(pooling.output.count, stream: 2))
    var expected = [Float](repeating: 0, count: image.count)
    for (index, gradient) in gradients.enumerated() {
      let largest = window(index, pooling).max { numbers[$0] < numbers[$1] }!
      // Behind a rectifier that is shut nothing changes the loss.
      if numbers[largest] > 0 { expected[largest] = gradient }
    }
    #expect(gradient(pooling, numbers, gradients) == expected)
  }

  @Test(arguments: cases)
  func ofEqualNumbersTheFirstGetsTheGradient(image: ImageShape, size: Int) {
    let pooling = MaximumPooling(image, size: size)
    let gradients = normalNumbers(pooling.output.count, stream: 2)
    var expected = [Float](repeating: 0, count: image.count)
    for (index, gradient) in gradients.enumerated() { expected[window(index, pooling)[0]] = gradient }
    #expect(gradient(pooling, [Float](repeating: 2, count: image.count), gradients) == expected)
  }

  @Test(arguments: 0..<4)
  func poolingLetsNotANumberThrough(place: Int) {
    var numbers: [Float] = [1, 2, 3, 4]
    numbers[place] = .nan
    let pooling = MaximumPooling(ImageShape(height: 2, width: 2, channels: 1), size: 2)
    var output: Float = 0
    pooling.forward(numbers, bias: [0], &output, taps: nil)
    #expect(output.isNaN)
  }

  /// Where the numbers of an output's window are in the image, row by row.
  private func window(_ index: Int, _ pooling: MaximumPooling) -> [Int] {
    let (pixel, channel) = index.quotientAndRemainder(dividingBy: pooling.input.channels)
    let (row, column) = pixel.quotientAndRemainder(dividingBy: pooling.output.width)
    return (0..<(pooling.size * pooling.size)).map { tap in
      let (y, x) = (row * pooling.size + tap / pooling.size, column * pooling.size + tap % pooling.size)
      return (y * pooling.input.width + x) * pooling.input.channels + channel
    }
  }

  private func gradient(_ pooling: MaximumPooling, _ numbers: [Float], _ gradients: [Float]) -> [Float] {
    let (input, output) = (GuardedMatrix(surroundings: .nan, numbers), empty(pooling.output, around: .nan))
    let (taps, bias) = (
      empty(pooling.output, around: 1e6), [Float](repeating: 0, count: pooling.input.channels)
    )
    let outputGradient = GuardedMatrix(surroundings: 1e6, gradients)
    let inputGradient = empty(pooling.input, around: 1e6)
    pooling.forward(input.pointer, bias: bias, output.pointer, taps: taps.pointer)
    pooling.backward(output.pointer, taps: taps.pointer, outputGradient.pointer, inputGradient.pointer)
    #expect(inputGradient.isIntactOutside() && outputGradient.isIntactOutside() && taps.isIntactOutside())
    return inputGradient.numbers
  }

  // MARK: Mean

  @Test(arguments: cases)
  func globalPoolingGivesTheMeanOfEachChannel(image: ImageShape, _: Int) {
    let numbers = normalNumbers(image.count, stream: 1)
    let (input, output) = (
      GuardedMatrix(surroundings: .nan, numbers), GuardedMatrix(1, image.channels, surroundings: 1e6)
    )
    GlobalAveragePooling(image).forward(input.pointer, output.pointer)
    let expected = (0..<image.channels).map { channel in
      stride(from: channel, to: image.count, by: image.channels).reduce(0) { $0 + Double(numbers[$1]) }
        / Double(image.pixels)
    }
    #expect(relativeError(output.numbers, expected) < 1e-6)
    #expect(output.isIntactOutside())
  }

  @Test(arguments: cases)
  func theGradientOfAMeanIsSharedOutEvenly(image: ImageShape, _: Int) {
    let gradients = normalNumbers(image.channels, stream: 2)
    let (given, found) = (GuardedMatrix(surroundings: .nan, gradients), empty(image, around: 1e6))
    GlobalAveragePooling(image).backward(given.pointer, found.pointer)
    let expected = (0..<image.count).map { Double(gradients[$0 % image.channels]) / Double(image.pixels) }
    #expect(relativeError(found.numbers, expected) < 1e-6)
    #expect(found.isIntactOutside())
  }

  private func empty(_ image: ImageShape, around: Float) -> GuardedMatrix {
    GuardedMatrix(1, image.count, surroundings: around)
  }
}
