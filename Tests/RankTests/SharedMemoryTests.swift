import MessagePassing
import Testing

extension RankTests {
  @Suite(.serialized) @MainActor
  struct SharedMemoryTests {
    let world = World.communicator

    @Test func whatOneRankWritesAllOthersRead() throws {
      let memory = try SharedMemory.allocate(bytes: 100, for: world)
      #expect((memory == nil) == (world.size == 1))
      guard let memory else { return }
      #expect((0..<100).allSatisfy { memory.segment(of: world.rank).load(fromByteOffset: $0, as: UInt8.self) == 0 })
      for byte in 0..<100 {
        memory.segment(of: world.rank).storeBytes(of: UInt8(100 + world.rank), toByteOffset: byte, as: UInt8.self)
      }
      SharedMemory.fence()
      try world.barrier()
      SharedMemory.fence()
      for rank in 0..<world.size {
        let segment = memory.segment(of: rank)
        #expect(Int(bitPattern: segment) % 4096 == 0)
        #expect((0..<100).allSatisfy { segment.load(fromByteOffset: $0, as: UInt8.self) == UInt8(100 + rank) })
      }
    }

    @Test func moreThanThereIsIsRefusedOnAllRanks() throws {
      #expect(try SharedMemory.allocate(bytes: 1 << 50, for: world) == nil)
    }

    @Test func ranksOfThisMachineAreOnOneNode() throws {
      #expect(try world.isOnOneNode())
      #expect(try World.alone.isOnOneNode())
    }
  }
}
