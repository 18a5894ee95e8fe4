/// A dataset in the files of MNIST, small enough to be spelled out: images of 4x3 whose brightness tells their class.
enum IDXFolder {
  static let trainingSamples = 40
  static let testSamples = 10

  static let names = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
  ]

  /// Writes the four files into the folder `name`.
  static func write(to name: String, in workspace: Workspace) throws {
    let contents = [
      images(trainingSamples), labels(trainingSamples), images(testSamples), labels(testSamples),
    ]
    for (file, bytes) in zip(names, contents) { try workspace.write(bytes, to: "\(name)/\(file)") }
  }

  static func images(_ count: Int, height: Int = 4, width: Int = 3) -> [UInt8] {
    let pixels = (0..<count * height * width).map { UInt8(80 * ($0 / (height * width) % 3) + $0 * 7 % 50) }
    return header([count, height, width]) + pixels
  }

  static func labels(_ count: Int) -> [UInt8] { header([count]) + (0..<count).map { UInt8($0 % 3) } }

  /// Two zero bytes, the type of unsigned bytes, the number of dimensions, and each of them in big-endian order.
  static func header(_ dimensions: [Int]) -> [UInt8] {
    [0, 0, 8, UInt8(dimensions.count)]
      + dimensions.flatMap { size in [24, 16, 8, 0].map { UInt8(size >> $0 & 0xFF) } }
  }
}
