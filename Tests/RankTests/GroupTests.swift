import Kernels
import MessagePassing
import Testing

extension RankTests {
  @Suite(.serialized) @MainActor
  struct GroupTests {
    let world = World.communicator

    @Test func groupsByParitySumOnlyTheirOwn() throws {
      let parity = world.rank % 2
      let own = Array(stride(from: parity, to: world.size, by: 2))
      let group = try world.split(color: parity)
      #expect(group?.size == own.count)
      #expect(group?.rank == world.rank / 2)
      #expect(try group?.allReduce(Int64(world.rank), .sum) == own.reduce(0) { $0 + Int64($1) })
      try group?.free()
    }

    @Test func keysOrderTheRanksOfAGroup() throws {
      let reversed = try world.split(color: 0, key: -world.rank)
      #expect(reversed?.size == world.size)
      #expect(reversed?.rank == world.size - 1 - world.rank)
      try reversed?.free()
    }

    @Test func aRankWithoutColorIsInNoGroup() throws {
      let absent = world.size / 2
      let others = try world.split(color: world.rank == absent ? nil : 3)
      #expect((others == nil) == (world.rank == absent))
      if let others {
        #expect(others.size == world.size - 1)
        #expect(others.rank == world.rank - (world.rank > absent ? 1 : 0))
        #expect(try others.allReduce(Int64(1), .sum) == Int64(others.size))
      }
      try others?.free()
    }

    @Test func groupsAreSplitFurther() throws {
      let half = try world.split(color: world.rank % 2)
      let quarter = try half?.split(color: (half?.rank ?? 0) % 2)
      let own = (0..<world.size).filter { $0 % 4 == world.rank % 4 }
      #expect(try quarter?.allGather([Int64(world.rank)]) == own.map { [Int64($0)] })
      try quarter?.free()
      try half?.free()
    }

    @Test func ranksOfThisMachineAreOneGroupInTheSameOrder() throws {
      // Not freed: it lasts until MPI ends, which must not mind.
      let node = try world.splitByNode()
      #expect(node.size == world.size)
      #expect(node.rank == world.rank)
      #expect(try World.alone.splitByNode().size == 1)
    }

    @Test func aDuplicateHasTheSameRanks() throws {
      let duplicate = try world.duplicate()
      #expect(duplicate.size == world.size)
      #expect(try duplicate.allGather([Int64(world.rank)]) == (0..<world.size).map { [Int64($0)] })
      try duplicate.free()
    }

    @Test func collectivesOfADuplicateAreInNoOrderWithTheOriginals() throws {
      let duplicate = try world.duplicate()
      let source = AlignedBuffer<Int64>([1, 10])
      let result = AlignedBuffer<Int64>(count: 2)
      // Even ranks begin the original's sum first, odd ranks the duplicate's.
      func begin(_ index: Int) throws -> Request {
        try (index == 0 ? world : duplicate).beginAllReduce(
          UnsafeBufferPointer(rebasing: source.elements[index...index]),
          into: UnsafeMutableBufferPointer(rebasing: result.elements[index...index]), .sum, owner: result)
      }
      let first = try begin(world.rank % 2)
      let second = try begin(1 - world.rank % 2)
      try first.wait()
      try second.wait()
      withExtendedLifetime(source) {}
      #expect(Array(result.elements) == [Int64(world.size), Int64(10 * world.size)])
      try duplicate.free()
    }

    /// MPICH has at most 2048 communicators at a time.
    @Test func freedCommunicatorsMakeRoomForOthers() throws {
      for _ in 0..<2100 { try World.alone.duplicate().free() }
      #expect(try World.alone.duplicate().size == 1)
    }
  }
}
