import Datasets
import Failures
import Kernels

extension FuzzedParser {
  /// What a table may take, so that the bound on it is met too.
  private static let memory = 1 << 26

  /// A byte: the length of the file of labels, which follows; the rest is that of images.
  static let idx = FuzzedParser("idx") { bytes, folder in
    let rest = bytes.dropFirst()
    let length = min(Int(bytes.first ?? 0), rest.count)
    let labels = folder.write(rest.prefix(length), to: "labels")
    let images = folder.write(rest.dropFirst(length), to: "images")
    try readAll(of: try IDXReader(name: "idx", images: images, labels: labels))
  }

  /// A byte: which layout; two bytes: the length of the file, in which the others are repeated.
  static let cifar = FuzzedParser("cifar") { bytes, folder in
    let layouts = [CIFARLayout.cifar10, .cifar100(.fine), .cifar100(.coarse)]
    let layout = layouts[Int(bytes.first ?? 0) % layouts.count]
    let pattern = Array(bytes.dropFirst(3))
    let length = pattern.isEmpty ? 0 : Int(bytes[1]) << 8 | Int(bytes[2])
    let name = layout == .cifar10 ? "test_batch.bin" : "test.bin"
    _ = folder.write((0..<max(length, pattern.count)).map { pattern[$0 % pattern.count] }, to: name)
    try readAll(of: try CIFARReader(layout, folder: folder.path, part: .test))
  }

  /// A byte: which column has the labels, what of others, and of missing fields; then the training file and, after a zero byte, the test file.
  static let csv = FuzzedParser("csv") { bytes, folder in
    let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    var files = try CSVFiles(parsing: folder.write(parts.first ?? [], to: "table"))
    let columns = [CSVFiles.Column.last, .number(1), .number(3), .name("label")]
    let choice = Int(bytes.first ?? 0)
    files.label = columns[choice % columns.count]
    files.missing = [.refuse, .mean, .drop][choice / 4 % 3]
    if choice / 16 % 2 == 1 { files.words = [.number(2)] }
    if choice / 32 % 2 == 1 { files.drop = [.number(1)] }
    if parts.count > 1 { files.test = folder.write(parts[1], to: "test") }
    for part in DatasetPart.allCases { try readAll(of: try CSVReader(files, part: part, seed: 1, memory: memory)) }
  }

  /// The training file and, after a zero byte, the test file.
  static let libsvm = FuzzedParser("libsvm") { bytes, folder in
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let training = try LIBSVMReader.read(folder.write(parts.first ?? [], to: "rows"), memory: memory)
    check(training)
    if parts.count > 1 {
      check(try LIBSVMReader.read(folder.write(parts[1], to: "test"), matching: training, memory: memory))
    }
  }

  /// A file in LIBSVM's format, compressed.
  static let gzip = FuzzedParser("gzip") { bytes, folder in
    check(try LIBSVMReader.read(folder.write(bytes, to: "rows.gz"), memory: memory))
  }

  /// A byte: whether there are speakers; the rest is the text.
  static let text = FuzzedParser("text") { bytes, folder in
    let path = folder.write(bytes.dropFirst(), to: "text")
    let file = try TextFile(parsing: path + ((bytes.first ?? 0) % 2 == 0 ? "" : ",speakers"))
    for part in DatasetPart.allCases { try readAll(of: try TextReader(file, part: part, context: 5, memory: memory)) }
  }

  private static func check(_ rows: SparseRows) {
    precondition(
      rows.indices.allSatisfy { $0 >= 0 && $0 < rows.featureCount } && rows.indices.count == rows.values.count)
    precondition(rows.labels.allSatisfy { $0 >= 0 && $0 < rows.classCount })
    precondition(rows.row(rows.count - 1).upperBound == rows.indices.count)
  }

  /// Takes all samples as a worker does.
  private static func readAll(of opened: any DatasetReader) throws {
    var reader = opened
    let (format, count) = (reader.format, reader.sampleCount)
    guard Shard.bytes(capacity: count, format: format) <= memory else { return }
    let shard = Shard(capacity: count, format: format)
    let most = max(1, (1 << 12) / format.bytesPerSample)
    let block = AlignedBuffer<UInt8>(count: min(most, count) * format.bytesPerSample)
    for start in stride(from: 0, to: count, by: most) {
      let samples = min(most, count - start)
      try reader.read(samples, into: .init(start: block.pointer, count: samples * format.bytesPerSample))
      for sample in 0..<samples {
        shard.append(block.pointer + sample * format.bytesPerSample, label: reader.labels[start + sample])
      }
    }
  }
}
