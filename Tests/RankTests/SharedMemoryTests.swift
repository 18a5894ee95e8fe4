import MessagePassing
import Testing

extension RankTests {
  @Suite(.serialized) @MainActor
  struct SharedMemoryTests {
    let world = World.communicator

    @Test func whatOneRankWritesAllOthersRead() throws {
      let memory = try SharedMemory.allocate(bytes: 100, on: world, of: world)
      #expect(memory != nil)
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
      #expect(try SharedMemory.allocate(bytes: 1 << 50, on: world, of: world) == nil)
    }

    @Test func whatOneNodeRefusesAllGoWithout() throws {
      let pairs = try world.split(color: world.rank / 2)!
      let bytes = world.rank / 2 == 0 ? 1 << 50 : 100
      #expect(try SharedMemory.allocate(bytes: bytes, on: pairs, of: world) == nil)
    }
  }
}
