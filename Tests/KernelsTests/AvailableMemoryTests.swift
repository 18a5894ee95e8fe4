import Failures
import Foundation
import Kernels
import Testing

struct AvailableMemoryTests {
  @Test func thereIsSomeAndNoMoreThanTheMachineHas() {
    #expect(AvailableMemory.bytes > 0)
    #expect(AvailableMemory.bytes <= ProcessInfo.processInfo.physicalMemory)
  }

  @Test(
    arguments: [
      (0, "0.0 kB"), (1, "0.1 kB"), (99_999, "100.0 kB"), (100_000, "0.1 MB"), (1_000_001, "1.1 MB"),
      (100_000_000, "0.1 GB"), (3_000_000_000, "3.0 GB"), (1 << 62, "4611686018.5 GB"),
    ] as [(Int, String)])
  func bytesAreSaidInTheLargestUnitThatFits(bytes: Int, text: String) {
    #expect(bytes.formattedAsBytes == text)
  }
}
