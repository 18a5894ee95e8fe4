import Failures

/// Walks over the state of a run, and writes it to memory or reads it from there.
public struct StateVisitor {
  /// What was written, or what is read.
  public private(set) var bytes: [UInt8]
  public let isReading: Bool
  /// A hash of the sizes of all pieces so far: two states with the same one have the same layout (FNV-1a).
  public private(set) var layout: UInt64 = 0xcbf2_9ce4_8422_2325
  private var position = 0

  /// Begins to write.
  public init() {
    bytes = []
    isReading = false
  }

  /// Begins to read what another visitor wrote.
  public init(reading bytes: [UInt8]) {
    self.bytes = bytes
    isReading = true
  }

  /// Ends reading.
  /// - Throws: `Failure(.badData)` where something is left.
  public func finish() throws {
    guard !isReading || position == bytes.count else {
      throw Failure(.badData, "the state of a run has \(bytes.count - position) bytes too many")
    }
  }

  /// Takes a number, or a structure of numbers.
  public mutating func visit<Value: BitwiseCopyable>(_ value: inout Value) throws {
    try withUnsafeMutableBytes(of: &value) { try visit(raw: $0) }
  }

  /// Takes as many numbers as there are.
  public mutating func visit<Value: BitwiseCopyable>(numbers: UnsafeMutableBufferPointer<Value>) throws {
    try visit(raw: UnsafeMutableRawBufferPointer(numbers))
  }

  /// Takes numbers together with how many they are.
  public mutating func visit<Value: BitwiseCopyable>(_ array: inout [Value]) throws {
    var count = array.count
    try visit(&count)
    if isReading {
      let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
      guard !overflow, count >= 0, size <= bytes.count - position else { throw Self.tooShort }
      array = [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
        buffer.withMemoryRebound(to: UInt8.self) { $0.update(repeating: 0) }
        initialized = count
      }
    }
    try array.withUnsafeMutableBufferPointer { try visit(numbers: $0) }
  }

  private mutating func visit(raw memory: UnsafeMutableRawBufferPointer) throws {
    layout = (layout ^ UInt64(memory.count)) &* 0x100_0000_01b3
    guard isReading else { return bytes.append(contentsOf: memory) }
    guard memory.count <= bytes.count - position else { throw Self.tooShort }
    bytes[position..<position + memory.count].withUnsafeBytes { memory.copyMemory(from: $0) }
    position += memory.count
  }

  private static let tooShort = Failure(.badData, "the state of a run ends too early")
}
