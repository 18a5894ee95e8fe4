import Failures
import Kernels
import MessagePassing
import Testing

extension RankTests {
  @Suite(.serialized) @MainActor
  struct CollectiveTests {
    let world = World.communicator

    @Test func reductionsGoOverAllRanks() throws {
      let n = world.size
      #expect(try world.allReduce(Int64(world.rank + 1), .sum) == Int64(n * (n + 1) / 2))
      #expect(try world.allReduce(Double(world.rank), .maximum) == Double(n - 1))
      #expect(try world.allReduce([Float(world.rank), -1], .minimum) == [0, -1])
    }

    @Test func everyRankReceivesWhatTheRootHas() throws {
      let root = world.size - 1
      let own: [Int32] = world.rank == root ? [3, 1, 4] : [0, 0, 0]
      #expect(try world.broadcast(own, from: root) == [3, 1, 4])
      #expect(try world.broadcast(world.isRoot ? "größer ≥ 0" : "", from: 0) == "größer ≥ 0")
    }

    @Test func gatheringKeepsTheOrderOfTheRanks() throws {
      let all = try world.allGather([Int64(world.rank), 7])
      #expect(all == (0..<world.size).map { [Int64($0), 7] })
      let names = try world.allGather(String(repeating: "x", count: world.rank))
      #expect(names == (0..<world.size).map { String(repeating: "x", count: $0) })
    }

    @Test(arguments: [1, 2, 7, 100])
    func chunksChangeNothing(chunk: Int) throws {
      let chunked = try world.chunked(by: chunk)
      let numbers = (0..<23).map { Int64($0 * (world.rank + 1)) }
      let factor = Int64(world.size * (world.size + 1) / 2)
      let expected = (0..<23).map { Int64($0) * factor }
      #expect(try chunked.allReduce(numbers, .sum) == expected)
      #expect(try chunked.broadcast(numbers) == (0..<23).map { Int64($0) })
      let source = AlignedBuffer<Int64>(numbers)
      let result = AlignedBuffer<Int64>(count: 23)
      let request = try chunked.beginAllReduce(
        UnsafeBufferPointer(source.elements), into: result.elements, .sum, owner: source)
      try request.wait()
      #expect(Array(result.elements) == expected)
    }

    @Test func requestsFinishByTestingAlone() throws {
      let source = AlignedBuffer<Float>((0..<1000).map { Float($0) })
      let result = AlignedBuffer<Float>(count: 1000)
      var request = try world.chunked(by: 300).beginAllReduce(
        UnsafeBufferPointer(source.elements), into: result.elements, .sum, owner: source)
      while !(try request.test()) {}
      #expect(result[999] == 999 * Float(world.size))
      // A finished request stays finished.
      #expect(try request.test())
      try request.wait()
      try world.beginBarrier().wait()
    }

    @Test func whatSucceedsEverywhereIsReturned() throws {
      #expect(try world.agree { world.rank * 2 } == world.rank * 2)
    }

    @Test func oneRanksFailureIsThrownByAll() throws {
      for failing in [0, world.size - 1] {
        var thrown: AgreedFailure?
        do {
          try world.agree {
            if world.rank >= failing { throw Failure(.badData, "file \(world.rank): cut") }
          }
        } catch let error as AgreedFailure {
          thrown = error
        }
        #expect(thrown?.rank == failing)
        #expect(thrown?.failure == Failure(.badData, "file \(failing): cut"))
      }
    }
  }
}
