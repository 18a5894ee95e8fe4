/// A dataset in the files of CIFAR-10, of a few images each: of the three classes in use, each is brightest in a colour of
/// its own.
enum CIFARFolder {
  static let recordsPerFile = 8
  static let trainingSamples = 5 * recordsPerFile
  static let testSamples = recordsPerFile

  static let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]

  /// Writes the six files into the folder `name`.
  static func write(to name: String, in workspace: Workspace) throws {
    for (index, file) in names.enumerated() {
      let first = index * recordsPerFile
      try workspace.write((first..<first + recordsPerFile).flatMap(record), to: "\(name)/\(file)")
    }
  }

  /// A label, then the pixels of red, of green and of blue.
  static func record(_ number: Int) -> [UInt8] {
    let label = number % 3
    let channels = (0..<3).flatMap { channel in
      (0..<32 * 32).map { UInt8(60 * ((channel + label) % 3) + (7 * number + 3 * $0) % 61) }
    }
    return [UInt8(label)] + channels
  }
}
