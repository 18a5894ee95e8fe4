import CAllocationCount
import Glibc
import Kernels
import MessagePassing
import Testing

extension RankTests {
  @Suite(.serialized) @MainActor
  struct PointToPointTests {
    let world = World.communicator

    private var next: Int { (world.rank + 1) % world.size }
    private var previous: Int { (world.rank + world.size - 1) % world.size }

    private func send(_ buffer: AlignedBuffer<Int32>, _ communicator: Communicator, tag: Int) throws -> Request {
      try communicator.beginSend(UnsafeBufferPointer(buffer.elements), to: next, tag: tag, owner: buffer)
    }

    private func receive(_ buffer: AlignedBuffer<Int32>, _ communicator: Communicator, tag: Int) throws -> Request {
      try communicator.beginReceive(into: buffer.elements, from: previous, tag: tag, owner: buffer)
    }

    /// Which message has come first; while there is none, another rank may have the processor.
    private func awaitMessage(tag: Int) throws -> (source: Int, tag: Int) {
      while true {
        if let message = try world.probe(tag: tag) { return message }
        sched_yield()
      }
    }

    // What is large is sent by Open MPI and MPICH only once its receive has begun.
    @Test(
      arguments: zip(
        [1, 23, 23, 23, 100_000, 100_000],
        [1, 1, 7, 100, 7000, Communicator.largestChunk]))
    func whatGoesAroundTheRingComesBack(count: Int, chunk: Int) throws {
      let chunked = try world.chunked(by: chunk)
      let own = (0..<count).map { Int32(truncatingIfNeeded: $0 * (world.rank + 1)) }
      let (sent, received) = (AlignedBuffer<Int32>(own), AlignedBuffer<Int32>(count: count))
      for hop in 1...world.size {
        let receiving = try receive(received, chunked, tag: hop)
        let sending = try send(sent, chunked, tag: hop)
        try receiving.wait()
        try sending.wait()
        let origin = (world.rank + world.size - hop % world.size) % world.size
        #expect((0..<count).allSatisfy { received[$0] == Int32(truncatingIfNeeded: $0 * (origin + 1)) })
        for index in 0..<count { sent[index] = received[index] }
      }
      #expect(Array(sent.elements) == own)
    }

    @Test func messagesFinishByTestingAlone() throws {
      let chunked = try world.chunked(by: 300)
      let (sent, received) = (AlignedBuffer<Int32>((0..<1000).map { $0 }), AlignedBuffer<Int32>(count: 1000))
      var sending = try send(sent, chunked, tag: 0)
      var receiving = try receive(received, chunked, tag: 0)
      var finished = false
      while !finished {
        // Both are tested each time: each may be what the other waits for.
        let (isSent, isReceived) = (try sending.test(), try receiving.test())
        finished = isSent && isReceived
      }
      #expect(received[999] == 999)
      try sending.wait()
      try receiving.wait()
    }

    @Test func messagesWithOneTagKeepTheirOrderAndOthersAreChosenByTag() throws {
      let tags = [5, 5, Communicator.largestTag, 5]
      let sent = (0..<4).map { AlignedBuffer<Int32>([Int32($0)]) }
      let received = AlignedBuffer<Int32>(count: 1)
      let first = try send(sent[0], world, tag: tags[0])
      let second = try send(sent[1], world, tag: tags[1])
      let third = try send(sent[2], world, tag: tags[2])
      let fourth = try send(sent[3], world, tag: tags[3])
      for index in [2, 0, 1, 3] {
        try receive(received, world, tag: tags[index]).wait()
        #expect(received[0] == Int32(index))
      }
      try first.wait()
      try second.wait()
      try third.wait()
      try fourth.wait()
    }

    @Test func aProbeSeesAMessageUntilItIsReceived() throws {
      let (sent, received) = (AlignedBuffer<Int32>([7]), AlignedBuffer<Int32>(count: 1))
      #expect(try world.probe(tag: 3) == nil)
      try world.barrier()
      let sending = try send(sent, world, tag: 3)
      #expect(try awaitMessage(tag: 3) == (previous, 3))
      // It is still there, also for a probe of any tag, and has no other.
      let message = try world.probe()
      #expect(message?.source == previous && message?.tag == 3)
      #expect(try world.probe(tag: 4) == nil)
      try receive(received, world, tag: 3).wait()
      #expect(received[0] == 7)
      #expect(try world.probe() == nil)
      try sending.wait()
      try world.barrier()
    }

    @Test func aProbeFindsEachSender() throws {
      let sent = AlignedBuffer<Int32>([Int32(world.rank)])
      let received = AlignedBuffer<Int32>(count: 1)
      let sending = try world.beginSend(UnsafeBufferPointer(sent.elements), to: 0, tag: 1, owner: sent)
      var senders: [Int] = []
      while world.isRoot && senders.count < world.size {
        let source = try awaitMessage(tag: 1).source
        try world.beginReceive(into: received.elements, from: source, tag: 1, owner: received).wait()
        #expect(received[0] == Int32(source))
        senders.append(source)
      }
      try sending.wait()
      if world.isRoot { #expect(senders.sorted() == Array(0..<world.size)) }
    }

    @Test func aDuplicatesMessagesDoNotMixWithTheOriginals() throws {
      let duplicate = try world.duplicate()
      let (ofOriginal, ofDuplicate) = (AlignedBuffer<Int32>([1]), AlignedBuffer<Int32>([2]))
      let received = AlignedBuffer<Int32>(count: 1)
      let first = try send(ofOriginal, world, tag: 0)
      // It has come, and the duplicate does not see it.
      _ = try awaitMessage(tag: 0)
      #expect(try duplicate.probe() == nil)
      try world.barrier()
      let second = try send(ofDuplicate, duplicate, tag: 0)
      try receive(received, duplicate, tag: 0).wait()
      #expect(received[0] == 2)
      try receive(received, world, tag: 0).wait()
      #expect(received[0] == 1)
      try first.wait()
      try second.wait()
      try duplicate.free()
    }

    @Test func aThousandExchangesAllocateNothing() throws {
      let (sent, received) = (AlignedBuffer<Int32>(count: 100), AlignedBuffer<Int32>(count: 100))
      func exchange() throws {
        let sending = try send(sent, world, tag: 2)
        _ = try awaitMessage(tag: 2)
        try receive(received, world, tag: 2).wait()
        try sending.wait()
      }
      try exchange()
      callocationcount_start()
      for _ in 0..<1000 { try exchange() }
      #expect(callocationcount_stop() == 0)
    }
  }
}
