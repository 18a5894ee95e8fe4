import Failures
import Kernels
import Options

/// Reads the text format of LIBSVM (Chang, Lin 2011), gzip'ed or not: a sample a line, `LABEL INDEX:VALUE INDEX:VALUE …`.
///
/// Indices count from 1 and ascend; features that are left out are zero. A label may be any number. From `#` to its end
/// a line is a comment, and lines with nothing else are skipped. Memory stays within a small multiple of the file.
public struct LIBSVMReader {
  /// Bytes read at a time.
  private static let blockSize = 1 << 16
  /// Of a label or of INDEX:VALUE.
  private static let longestWord = 256
  private static let largestIndex = Int(Int32.max)
  /// Weights are dense: one for each class and each index up to the highest. They may take that much without any question, and
  /// beyond it so many times what the rows take.
  private static let harmlessWeights = 256 << 20
  private static let largestRatio = 1000

  private let path: String
  private let memory: ReadMemory
  private var rows: SparseRows
  /// Whether classes and features are those of another file.
  private let isBound: Bool
  /// The class of each label, in the order of their first use until all are known.
  private var classes: [Double: Int32]
  private var line = 1
  /// Of the line at hand, once it is known.
  private var label: Int32?
  /// From 1; 0 before the line's first feature.
  private var lastIndex = 0
  /// The line with the highest index.
  private var highestLine = 0
  private var isComment = false
  /// The bytes since the last space, with room for a zero after them.
  private var word: [UInt8] = []

  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - training: what a test file belongs to. It has the classes and the features; what a test file has of other features
  ///     is left out, for nothing is known of them. Without it the classes are the file's labels in ascending order, and the
  ///     highest index is the number of features.
  ///   - memory: how many bytes the rows may take.
  /// - Throws: `Failure(.badData)` with path and line for what is no such text, and for an index that is absurdly high; `Failure(.inputOutput)`
  ///   if the file cannot be read; `Failure(.internal)` if its rows do not fit into memory.
  public static func read(
    _ path: String, matching training: SparseRows? = nil, memory: Int = AvailableMemory.bytes
  ) throws -> SparseRows {
    let file = try CompressedFile(path: path)
    var reader = LIBSVMReader(path: path, matching: training, memory: ReadMemory(available: memory))
    var block = [UInt8](repeating: 0, count: blockSize)
    while true {
      let count = try block.withUnsafeMutableBytes { try file.readSome(into: $0) }
      guard count > 0 else { return try reader.finish() }
      try reader.take(block[..<count])
    }
  }

  private init(path: String, matching training: SparseRows?, memory: ReadMemory) {
    self.path = path
    self.memory = memory
    rows = SparseRows(featureCount: training?.featureCount ?? 0, classValues: training?.classValues ?? [])
    isBound = training != nil
    classes = Dictionary(uniqueKeysWithValues: rows.classValues.enumerated().map { ($1, Int32($0)) })
    word.reserveCapacity(Self.longestWord + 1)
  }

  // MARK: Bytes to words and lines

  private mutating func take(_ bytes: ArraySlice<UInt8>) throws {
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"): try endLine()
      case _ where isComment: break
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): try endWord()
      case UInt8(ascii: "#"):
        try endWord()
        isComment = true
      default:
        guard word.count < Self.longestWord else { throw badData("\(shownWord) goes on for too long") }
        word.append(byte)
      }
    }
  }

  private mutating func endLine() throws {
    try endWord()
    if let label {
      guard rows.count < Int(Int32.max) else { throw badData("only \(Int32.max) samples are read") }
      rows.endRow(label: label)
      try requireMemory()
    }
    label = nil
    lastIndex = 0
    isComment = false
    line += 1
  }

  private mutating func endWord() throws {
    guard !word.isEmpty else { return }
    if label == nil { label = try readLabel() } else { try readFeature() }
    word.removeAll(keepingCapacity: true)
  }

  private mutating func finish() throws -> SparseRows {
    // The last line may end with the file.
    try endLine()
    guard rows.count > 0 else { throw Failure(.badData, "\(path): has no samples") }
    if !isBound { try orderClasses() }
    return rows
  }

  // MARK: Words to numbers

  private mutating func readLabel() throws -> Int32 {
    guard let value: Double = number(from: 0) else { throw badData("label \(shownWord) is no number") }
    if let known = classes[value] { return known }
    guard !isBound else { throw badData("label \(shownWord) does not occur in the training file") }
    let new = Int32(classes.count)
    classes[value] = new
    return new
  }

  private mutating func readFeature() throws {
    guard let colon = word.firstIndex(of: UInt8(ascii: ":")) else {
      throw badData("\(shownWord) should read INDEX:VALUE")
    }
    guard let index = index(before: colon) else {
      throw badData("\(shownWord) should begin with an index in 1...\(Self.largestIndex)")
    }
    guard index > lastIndex else { throw badData("index \(index) follows \(lastIndex): indices should ascend") }
    guard let value: Float = number(from: colon + 1) else {
      throw badData("\(shownWord) should end with a finite number")
    }
    lastIndex = index
    if isBound && index > rows.featureCount { return }
    if index > rows.featureCount { (rows.featureCount, highestLine) = (index, line) }
    rows.append(value, at: Int32(index - 1))
    try requireMemory()
  }

  /// The digits at the front of the word as a number.
  private func index(before end: Int) -> Int? {
    var index = 0
    for byte in word[..<end] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      index = 10 * index + Int(byte - UInt8(ascii: "0"))
      guard index <= Self.largestIndex else { return nil }
    }
    return index > 0 ? index : nil
  }

  /// The rest of the word as a number.
  private mutating func number<Number: DecimalNumber>(from start: Int) -> Number? {
    word.append(0)
    defer { word.removeLast() }
    return word.withUnsafeBytes { Number(decimal: .init(rebasing: $0[start...])) }
  }

  // MARK: The end

  private func requireMemory() throws {
    try memory.require(rows.bytes + classes.count * 4 * MemoryLayout<Double>.stride, at: "\(path):\(line)")
  }

  /// Refuses weights out of all proportion to the rows that they would be learned from.
  private func refuseAbsurdIndex() throws {
    let weights = Double(rows.featureCount) * Double(classes.count) * Double(MemoryLayout<Float>.stride)
    guard weights > Double(max(Self.harmlessWeights, Self.largestRatio * rows.bytes)) else { return }
    throw Failure(
      .badData,
      "\(path):\(highestLine): index \(rows.featureCount) is the highest, and a weight for each index and each of "
        + "\(classes.count) classes would take \(Int(weights).formattedAsBytes), for rows that take "
        + "\(rows.bytes.formattedAsBytes): number the features that occur from 1 on")
  }

  /// Numbers the classes in the order of their labels.
  private mutating func orderClasses() throws {
    let values = classes.keys.sorted()
    guard values.count > 1 else {
      throw Failure(.badData, "\(path): every label is \(values[0].shortText): there is nothing to tell apart")
    }
    guard rows.featureCount > 0 else { throw Failure(.badData, "\(path): no sample has a feature") }
    try refuseAbsurdIndex()
    var places = [Int32](repeating: 0, count: values.count)
    for (place, value) in values.enumerated() { places[Int(classes[value]!)] = Int32(place) }
    for sample in rows.labels.indices { rows.labels[sample] = places[Int(rows.labels[sample])] }
    rows.classValues = values
  }

  private func badData(_ what: String) -> Failure { Failure(.badData, "\(path):\(line): \(what)") }

  private var shownWord: String { shown(word) }
}
