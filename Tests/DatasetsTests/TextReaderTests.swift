import Datasets
import Failures
import Kernels
import Testing

struct TextReaderTests {
  private func reader(
    _ text: String, _ part: DatasetPart, context: Int = 3, speakers: Bool = false, vocabulary: Vocabulary? = nil,
    compressed: Bool = false
  ) throws -> (reader: TextReader, samples: [String]) {
    let folder = try TemporaryFolder()
    try folder.write(compressed ? try gzipped(Array(text.utf8)) : Array(text.utf8), to: "text")
    let file = try TextFile(parsing: "\(folder.path)/text" + (speakers ? ",speakers" : ""))
    var reader = try TextReader(file, part: part, context: context, vocabulary: vocabulary)
    let size = reader.format.bytesPerSample
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: reader.sampleCount * size, alignment: 8)
    defer { bytes.deallocate() }
    reader.read(reader.sampleCount, into: bytes)
    let row = AlignedBuffer<Float>(count: reader.format.featureCount)
    let samples = (0..<reader.sampleCount).map { sample in
      reader.format.decode(bytes.baseAddress! + sample * size, into: row.pointer)
      return row.elements.reduce(into: "") { text, number in
        text.unicodeScalars.append(
          Int(number) < reader.vocabulary.count ? reader.vocabulary[Int(number)] : "?" as Unicode.Scalar)
      }
    }
    return (reader, samples)
  }

  @Test(arguments: [false, true])
  func sequencesOverlapByOneCharacterAndTheLastTenthIsJudgedBy(compressed: Bool) throws {
    let text = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz".prefix(50)
    let (training, samples) = try reader(String(text), .training, compressed: compressed)
    #expect(samples == stride(from: 0, to: 42, by: 3).map { String(Array(text)[$0..<$0 + 4]) })
    #expect(training.format.targetCount == 3 && training.format.featureCount == 4 && training.format.isSequence)
    #expect(training.vocabulary.text == "abcdefghijklmnopqrstuvwxyz")
    #expect(training.format.classCount == 26 && training.format.labelCount == 1)
    let (test, held) = try reader(String(text), .test)
    #expect(held == [String(Array(text)[45..<49])])
    #expect(test.format == training.format)
  }

  @Test func charactersBeyondASCIIAreOne() throws {
    let (training, samples) = try reader(String(repeating: "süß€", count: 20), .training)
    #expect(training.vocabulary.text == "sßü€")
    #expect(samples[0] == "süß€")
  }

  @Test func whatOnlyTheLastTenthHasIsAnUnknownCharacter() throws {
    let text = String(repeating: "ab", count: 45) + "abxyabxyab"
    let (training, _) = try reader(text, .training)
    let (test, samples) = try reader(text, .test)
    #expect(training.vocabulary.text == "ab" && training.format.classCount == 3)
    #expect(test.format == training.format)
    #expect(samples == ["ab??", "?ab?", "??ab"])
  }

  @Test func aNetworksVocabularyIsKept() throws {
    let vocabulary = Vocabulary("abcde")
    let (test, _) = try reader(String(repeating: "ace", count: 30), .test, vocabulary: vocabulary)
    #expect(test.vocabulary == vocabulary && test.format.classCount == 5)
    #expect(throws: Failure.self) { try reader(String(repeating: "ax", count: 30), .test, vocabulary: vocabulary) }
  }

  @Test func speechesBelongToWhoSpeaksThem() throws {
    let a = (0..<10).map { "A:\nline \($0)\nmore\n\n" }
    let b = (0..<10).map { "B two:\r\nword \($0): so\r\n\r\n" }
    let text = "prologue\n\n" + zip(a, b).map { $0 + $1 }.joined()
    let (training, samples) = try reader(text, .training, speakers: true)
    #expect(training.format.labelCount == 2)
    let said = { (label: Int32) in
      zip(training.labels, samples).filter { $0.0 == label }.map { String($0.1.unicodeScalars.prefix(3)) }.joined()
    }
    #expect(said(0).hasPrefix("line 0\nmore\nline 1\nmore\n"))
    #expect(said(1).hasPrefix("word 0: so\r\nword 1: so\r\n"))
    #expect(try reader(text, .test, speakers: true).reader.format == training.format)
  }

  @Test func aTextThatIsTooShortIsBadData() {
    for text in ["", "abc", "abcd"] {
      #expect(throws: Failure.self) { try reader(text, .training) }
    }
  }
}
