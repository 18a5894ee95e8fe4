import Records
import Testing

/// Event files, against what is known of files that TensorFlow wrote.
struct EventFileTests {
  /// The first record of every event file: 24 bytes, the checksum of that length, a time and the version.
  @Test func aFileBeginsAsTensorFlowsDo() {
    let bytes = EventFile(time: 0).bytes
    #expect(bytes.prefix(12) == [24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22])
    #expect(bytes[12..<21] == [9, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(bytes[21..<36] == [26, 13] + "brain.Event:2".utf8)
    #expect(bytes.count == 8 + 4 + 24 + 4)
  }

  @Test func aNumberIsARecordOfItsOwn() {
    var file = EventFile(time: 0)
    let start = file.bytes.count
    file.add("loss/test", 0.5, step: 300, time: 1)
    let record = Array(file.bytes[start...])
    // time, step 300 as 7 bits and the rest, summary of one value: tag and 0.5.
    let event: [UInt8] =
      [9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 16, 0xac, 2, 42, 18, 10, 16, 10, 9] + "loss/test".utf8 + [21, 0, 0, 0, 0x3f]
    #expect(record.prefix(8) == [UInt8(event.count), 0, 0, 0, 0, 0, 0, 0])
    #expect(record.dropFirst(12).dropLast(4) == event[...])
  }
}
