import Failures
import Kernels

/// The characters of a text as sequences of `context` + 1, which begin `context` characters apart: each character is the
/// target of one position.
///
/// The last tenth of the text, or of what each speaker says, is there to judge the result by. Labels are speakers. Who says
/// less than a sequence has none.
public struct TextReader: DatasetReader {
  public let name = "text"
  public let format: SampleFormat
  public let labels: [Int32]
  public let vocabulary: Vocabulary
  public var sampleCount: Int { starts.count }

  /// All characters of this part by their numbers.
  private let numbers: [UInt16]
  /// Where each sequence begins.
  private let starts: [Int]
  private var samplesRead = 0

  /// Reads the file: all of it, for the vocabulary is that of the training part.
  ///
  /// - Parameters:
  ///   - context: characters that a network sees of a sequence.
  ///   - classCount: of the targets; what the text has unless given.
  ///   - vocabulary: that of the network that is to be judged; the training part's own unless given.
  ///   - memory: how many bytes the text may take.
  /// - Throws: as `TextContents`; `Failure(.badData)` for a text that is shorter than a sequence, has too many different
  ///   characters, or characters that are not in the vocabulary given.
  public init(
    _ file: TextFile, part: DatasetPart, context: Int, classCount: Int? = nil, vocabulary given: Vocabulary? = nil,
    memory: Int = AvailableMemory.bytes
  ) throws {
    let contents = try TextContents(file, memory: ReadMemory(available: memory))
    let characters = given ?? Vocabulary(of: contents.training.reduce(into: []) { $0.formUnion($1) })
    guard characters.count < Vocabulary.largest else {
      throw Failure(.badData, "\(file.path): has \(characters.count) different characters, more than can be numbered")
    }
    let sections = part == .training ? contents.training : [contents.test]
    (labels, starts) = Self.sequences(sections, context)
    guard part == .test || !starts.isEmpty else {
      throw Failure(
        .badData, "\(file.path): there are not \(context + 1) characters to learn from, as --context \(context) wants")
    }
    // What the training part does not have is a character of its own, which nothing predicts.
    let unknown = characters.count
    let stranger = ([contents.test] + contents.training).joined().first { characters.number(of: $0) == nil }
    let classes = classCount ?? unknown + (stranger == nil || given != nil ? 0 : 1)
    if let stranger, classes <= unknown {
      throw Failure(.badData, "\(file.path): has the character '\(stranger)', which the network does not know")
    }
    numbers = sections.flatMap { $0.map { UInt16(characters.number(of: $0) ?? unknown) } }
    vocabulary = characters
    format = SampleFormat(
      channels: 1, height: 1, width: context + 1, classCount: classes,
      labelCount: contents.training.count, encoding: .character)
  }

  /// The whole sequences of each section: whose they are, and where they begin among the characters of all.
  private static func sequences(_ sections: [TextContents.Characters], _ context: Int) -> ([Int32], [Int]) {
    var (labels, starts, first) = ([Int32](), [Int](), 0)
    for (label, section) in sections.enumerated() {
      for start in stride(from: 0, through: section.count - context - 1, by: context) {
        labels.append(Int32(label))
        starts.append(first + start)
      }
      first += section.count
    }
    return (labels, starts)
  }

  public mutating func read(_ count: Int, into bytes: UnsafeMutableRawBufferPointer) {
    precondition(count >= 0 && samplesRead + count <= sampleCount, "a dataset is read once, front to back")
    let size = format.bytesPerSample
    numbers.withUnsafeBytes { numbers in
      for sample in 0..<count {
        let first = starts[samplesRead + sample] * MemoryLayout<UInt16>.size
        UnsafeMutableRawBufferPointer(rebasing: bytes[(sample * size)...]).copyMemory(
          from: .init(rebasing: numbers[first..<first + size]))
      }
    }
    samplesRead += count
  }
}
