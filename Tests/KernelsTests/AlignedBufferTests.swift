import Kernels
import Testing

struct AlignedBufferTests {
  @Test(arguments: [0, 1, 15, 16, 17, 1000])
  func memoryIsAlignedAndZero(count: Int) {
    let floats = AlignedBuffer<Float>(count: count)
    let bytes = AlignedBuffer<UInt8>(count: count)
    #expect(floats.count == count && floats.elements.count == count && bytes.elements.count == count)
    #expect(UInt(bitPattern: floats.pointer) % 64 == 0 && UInt(bitPattern: bytes.pointer) % 64 == 0)
    #expect(floats.elements.allSatisfy { $0.bitPattern == 0 } && bytes.elements.allSatisfy { $0 == 0 })
  }

  @Test func elementsAreThoseOfTheCollection() {
    func copy<Element: BitwiseCopyable>(_ elements: some Collection<Element>) -> [Element] {
      let buffer = AlignedBuffer(elements)
      return (0..<buffer.count).map { buffer[$0] }
    }
    let numbers = normalNumbers(100, stream: 1)
    #expect(copy(numbers) == numbers)
    #expect(copy(numbers[30..<50]) == Array(numbers[30..<50]))
    #expect(copy(5..<9) == [5, 6, 7, 8])
    #expect(copy(numbers.reversed()) == numbers.reversed())
    #expect(copy([Int32]()).isEmpty)
  }

  @Test func aSubscriptReadsAndWritesTheMemory() {
    let buffer = AlignedBuffer<Int>(count: 3)
    buffer[2] = 7
    #expect(buffer.pointer[2] == 7 && buffer[2] == 7 && buffer[1] == 0)
  }

  @Test(arguments: [(0, 16, 0), (1, 16, 16), (16, 16, 16), (17, 16, 32), (5, 1, 5)])
  func roundingGoesUpToTheNextMultiple(count: Int, unit: Int, multiple: Int) {
    #expect(rounded(count, upTo: unit) == multiple)
  }

  @Test(arguments: [0, 1, 15, 16, 17, 1000])
  func parameterVectorsStartOnACacheLineAndGoOnToWholeVectors(count: Int) {
    let vector = ParameterVector(count: count)
    #expect(UInt(bitPattern: vector.pointer) % 64 == 0)
    #expect(vector.count == count && vector.elements.count == count)
    #expect(vector.elements.allSatisfy { $0 == 0 } && vector.hasZeroPadding)
    let padded = ParameterVector.paddedCount(count)
    #expect(padded % 16 == 0 && padded >= count && padded < count + 16)
  }
}
