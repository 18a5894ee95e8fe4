/// An event file, which TensorBoard reads: records of a length, the length's checksum, an `Event` and its checksum, as
/// TensorFlow's `record_writer` writes them and `event.proto` lays them out.
public struct EventFile {
  public private(set) var bytes: [UInt8] = []

  /// - Parameter time: of its first event, in seconds since 1970.
  public init(time: Double) {
    var event = Message()
    event.add(double: time, field: 1)
    event.add(text: "brain.Event:2", field: 3)
    add(event)
  }

  /// Adds a number of a curve.
  /// - Parameters:
  ///   - tag: the curve's name; what is before a slash is a group.
  ///   - time: in seconds since 1970.
  public mutating func add(_ tag: String, _ value: Double, step: Int, time: Double) {
    var (number, summary, event) = (Message(), Message(), Message())
    number.add(text: tag, field: 1)
    number.add(float: Float(value), field: 2)
    summary.add(number, field: 1)
    event.add(double: time, field: 1)
    event.add(integer: UInt64(step), field: 2)
    event.add(summary, field: 5)
    add(event)
  }

  private mutating func add(_ event: Message) {
    let length = Self.littleEndian(UInt64(event.bytes.count))
    bytes += length + Self.littleEndian(Self.maskedChecksum(length))
    bytes += event.bytes + Self.littleEndian(Self.maskedChecksum(event.bytes))
  }

  static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  /// A checksum of data that have checksums in them is turned and added to, or it would be a constant.
  static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }

  /// CRC-32C (Castagnoli, Bräuer, Herrmann 1993), a bit at a time.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    return ~sum
  }

  /// A message of Protocol Buffers: fields, each with its number, how it is written, and what it holds.
  private struct Message {
    private(set) var bytes: [UInt8] = []

    private mutating func add(varint: UInt64) {
      var rest = varint
      while rest > 0x7f {
        bytes.append(UInt8(rest & 0x7f) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }

    private mutating func begin(field: UInt64, wire: UInt64) { add(varint: field << 3 | wire) }

    mutating func add(integer: UInt64, field: UInt64) {
      begin(field: field, wire: 0)
      add(varint: integer)
    }

    mutating func add(double: Double, field: UInt64) {
      begin(field: field, wire: 1)
      bytes += EventFile.littleEndian(double.bitPattern)
    }

    mutating func add(float: Float, field: UInt64) {
      begin(field: field, wire: 5)
      bytes += EventFile.littleEndian(float.bitPattern)
    }

    mutating func add(text: String, field: UInt64) { add(Array(text.utf8), field) }

    mutating func add(_ message: Message, field: UInt64) { add(message.bytes, field) }

    private mutating func add(_ content: [UInt8], _ field: UInt64) {
      begin(field: field, wire: 2)
      add(varint: UInt64(content.count))
      bytes += content
    }
  }
}
