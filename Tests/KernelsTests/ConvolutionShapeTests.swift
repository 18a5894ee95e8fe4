import Kernels
import Testing

struct ConvolutionShapeTests {
  /// floor((size + 2 padding − window) / stride) + 1, counted out by hand.
  @Test func theOutputHasAPixelPerWindow() {
    func output(_ height: Int, _ width: Int, _ window: Int, _ stride: Int, _ padding: Int) -> String {
      let input = ImageShape(height: height, width: width, channels: 3)
      let shape = ConvolutionShape(input: input, outputs: 7, kernel: window, stride: stride, padding: padding)
      #expect(shape.weightCount == window * window * 3 * 7 && shape.windowCount == window * window * 3)
      #expect(shape.operations == 2 * shape.weightCount * shape.output.height * shape.output.width)
      return shape.output.description
    }
    #expect(output(7, 9, 3, 1, 1) == "7x9x7")
    #expect(output(7, 9, 3, 1, 0) == "5x7x7")
    #expect(output(7, 9, 3, 2, 1) == "4x5x7")
    #expect(output(8, 6, 3, 2, 1) == "4x3x7")
    #expect(output(10, 11, 5, 3, 2) == "4x4x7")
    #expect(output(5, 4, 1, 3, 0) == "2x2x7")
    #expect(output(3, 3, 3, 1, 0) == "1x1x7")
  }

  /// PyTorch has the channel first and the row of the window second.
  @Test func windowsAreReorderedFromChannelsFirst() {
    let input = ImageShape(height: 9, width: 9, channels: 2)
    let shape = ConvolutionShape(input: input, outputs: 1, kernel: 3, padding: 1)
    // Channel 1, row 0, column 2 is the third pixel's second number.
    #expect(shape.window(ofChannelsFirst: 9 + 2) == 5)
    #expect((0..<18).map(shape.window).sorted().elementsEqual(0..<18))
  }

  @Test func imagesAreReorderedFromChannelsFirst() {
    let image = ImageShape(height: 2, width: 3, channels: 4)
    #expect(image.count == 24 && image.pixels == 6 && image.description == "2x3x4")
    // Channel 2, row 1, column 0 is the fourth pixel's third number.
    #expect(image.place(ofChannelsFirst: 2 * 6 + 3) == 14)
    #expect((0..<24).map(image.place).sorted().elementsEqual(0..<24))
  }
}
