import Failures
import Kernels

/// What is in a `TextFile`: characters to learn from, by who speaks them, and characters to judge the result by.
struct TextContents {
  typealias Characters = [Unicode.Scalar]

  /// Of each speaker, or of nobody in particular, the first nine tenths of what is said.
  private(set) var training: [Characters] = []
  /// The last tenths, one after another.
  private(set) var test: Characters = []

  /// - Throws: `Failure(.inputOutput)` for a file that cannot be read, `Failure(.badData)` for one that is no text in UTF-8, is
  ///   empty, or has no speaker, `Failure(.internal)` for one that does not fit the memory.
  init(_ file: TextFile, memory: ReadMemory) throws {
    let text = try Self.read(file.path, memory)
    let parts = file.hasSpeakers ? try Self.speeches(text, file.path) : [text]
    for part in parts {
      let cut = part.count * 9 / 10
      training.append(Characters(part[..<cut]))
      test += part[cut...]
    }
  }

  private static func read(_ path: String, _ memory: ReadMemory) throws -> Characters {
    let file = try CompressedFile(path: path)
    let block = AlignedBuffer<UInt8>(count: 1 << 20)
    var bytes: [UInt8] = []
    while case let count = try file.readSome(into: UnsafeMutableRawBufferPointer(block.elements)), count > 0 {
      bytes.append(contentsOf: block.elements[..<count])
      // A character takes four bytes.
      try memory.require(5 * bytes.count, at: "\(path)")
    }
    guard !bytes.isEmpty else { throw Failure(.badData, "\(path): is empty") }
    var characters = Characters()
    characters.reserveCapacity(bytes.count)
    var decoder = UTF8()
    var rest = bytes.makeIterator()
    var line = 1
    while true {
      switch decoder.decode(&rest) {
      case .scalarValue(let character):
        if character == "\n" { line += 1 }
        characters.append(character)
      case .emptyInput: return characters
      case .error: throw Failure(.badData, "\(path):\(line): is no text in UTF-8")
      }
    }
  }

  /// What each speaker says, in the order of their first words: lines with their ends, without names.
  private static func speeches(_ text: Characters, _ path: String) throws -> [Characters] {
    var numbers: [Characters: Int] = [:]
    var speeches: [Characters] = []
    var speaker: Int?
    var isFirstLine = true
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty || line == ["\r"] {
        isFirstLine = true
      } else if isFirstLine, let name = Self.name(line) {
        speaker = numbers[name] ?? speeches.count
        if speaker == speeches.count {
          numbers[name] = speaker
          speeches.append([])
        }
        isFirstLine = false
      } else if let speaker {
        speeches[speaker] += line + ["\n"]
        isFirstLine = false
      }
    }
    guard !speeches.isEmpty else {
      throw Failure(.badData, "\(path): has no line 'NAME:' that begins a speech after an empty line")
    }
    return speeches
  }

  /// The name in a line `NAME:`.
  private static func name(_ line: ArraySlice<Unicode.Scalar>) -> Characters? {
    let line = line.last == "\r" ? line.dropLast() : line
    return line.count > 1 && line.last == ":" ? Characters(line.dropLast()) : nil
  }
}
