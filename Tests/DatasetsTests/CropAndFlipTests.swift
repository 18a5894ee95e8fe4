import Datasets
import Kernels
import Testing

struct CropAndFlipTests {
  /// All there are.
  static let variants = (-4...4).flatMap { down in
    (-4...4).flatMap { right in
      [false, true].map { CropAndFlip.Variant(down: down, right: right, isFlipped: $0) }
    }
  }

  @Test(arguments: [(32, 32, 3), (28, 28, 1), (5, 7, 2), (9, 3, 3), (2, 2, 1), (4, 5, 16)])
  func everyVariantIsThePieceOfThePaddedImage(height: Int, width: Int, channels: Int) {
    let format = SampleFormat(channels: channels, height: height, width: width, classCount: 1, encoding: .float)
    let image = (0..<format.featureCount).map { Float($0 + 1) }
    for variant in Self.variants {
      // What surrounds the row must stay.
      var written = [Float](repeating: -1, count: format.featureCount + 2)
      written.withUnsafeMutableBufferPointer { variant.write(image, of: format, to: $0.baseAddress! + 1) }
      #expect(written == [-1] + Self.reference(image, format, variant) + [-1], "\(variant)")
    }
  }

  /// Pads, cuts out, and mirrors: one after the other, each a copy.
  private static func reference(
    _ image: [Float], _ format: SampleFormat, _ variant: CropAndFlip.Variant
  ) -> [Float] {
    let zero = [Float](repeating: 0, count: format.channels)
    let pixels = (0..<format.height).map { y in
      (0..<format.width).map { x in Array(image[((y * format.width + x) * format.channels)...].prefix(format.channels))
      }
    }
    let sides = Array(repeating: zero, count: 4)
    let blank = Array(repeating: Array(repeating: zero, count: format.width + 8), count: 4)
    let padded = blank + pixels.map { sides + $0 + sides } + blank
    let piece = padded[(4 + variant.down)...].prefix(format.height).map { line in
      Array(line[(4 + variant.right)...].prefix(format.width))
    }
    let mirrored = variant.isFlipped ? piece.map { Array($0.reversed()) } : piece
    return mirrored.flatMap { $0.flatMap { $0 } }
  }

  @Test func allVariantsOccurAndAreAboutEquallyFrequent() {
    let each = 400
    let augmentation = CropAndFlip(seed: 1, worker: 0)
    var counts: [CropAndFlip.Variant: Int] = [:]
    for position in 0..<(each * Self.variants.count) { counts[augmentation.variant(at: position), default: 0] += 1 }
    #expect(Set(counts.keys) == Set(Self.variants))
    // χ² with 161 degrees of freedom has mean 161 and deviation 18.
    let distance = counts.values.reduce(0.0) { $0 + Double(($1 - each) * ($1 - each)) / Double(each) }
    #expect(distance > 161 - 5 * 18 && distance < 161 + 5 * 18, "\(distance)")
  }

  @Test func variantsAreAFunctionOfSeedWorkerAndPosition() {
    func variants(seed: UInt64, worker: Int, from first: Int = 0) -> [CropAndFlip.Variant] {
      let augmentation = CropAndFlip(seed: seed, worker: worker)
      return (first..<first + 100).map(augmentation.variant)
    }
    #expect(variants(seed: 3, worker: 5) == variants(seed: 3, worker: 5))
    #expect(variants(seed: 3, worker: 5).dropFirst(40) == variants(seed: 3, worker: 5, from: 40).prefix(60))
    let different: Set = [
      variants(seed: 3, worker: 5), variants(seed: 4, worker: 5), variants(seed: 3, worker: 6),
      variants(seed: 3, worker: 5, from: 100), variants(seed: 3 << 32, worker: 5),
    ]
    #expect(different.count == 5)
  }

  @Test func aPositionMayBeBeyondFourThousandMillion() {
    _ = CropAndFlip(seed: 1, worker: 0).variant(at: 1 << 40)
  }
}
