import Failures
import Kernels
import MessagePassing
import Records
import Training

/// What the ranks of a job must have in common, and where they are.
extension Verification {
  /// Revision and instruction set are compared before any command begins.
  func sameProgram() throws -> Finding {
    let differing = try differences(
      "\(BLASLibrary.version), kernel \(BLASLibrary.kernel); \(MPIRuntime.libraryVersion)")
    let program =
      "\(ProgramVersion.number), built for \(ProgramVersion.march), \(VectorUnit.bits)-bit vectors; \(BLASLibrary.version), "
      + "kernel \(BLASLibrary.kernel)"
    return Finding(
      check: "all ranks run the same program and libraries",
      figure: differing.isEmpty ? program : differing.joined(separator: "; "), passed: differing.isEmpty)
  }

  func sameOptions() throws -> Finding {
    let options = CommandLine.arguments.dropFirst().joined(separator: " ")
    let differing = try differences(options)
    return Finding(
      check: "all ranks were given the same options",
      figure: (differing.isEmpty ? [options] : ["rank 0: \(options)"] + differing).joined(separator: "; "),
      passed: differing.isEmpty)
  }

  /// Ranks that share a core while others of their node have nothing to do take several times as long.
  func binding() throws -> Finding {
    let hosts = try communicator.allGather(MPIRuntime.processorName)
    let warnings = try CoreBinding(hosts: hosts, communicator).warnings
    let nodes = Set(hosts).count
    let shared = ResourceCheck.warnings(hosts: hosts, threads: experiment.step.blasThreads)
    let place =
      "\(communicator.size) \(communicator.size == 1 ? "rank" : "ranks") on \(nodes) \(nodes == 1 ? "node" : "nodes")"
    return Finding(
      check: "no core is shared while others are idle",
      figure: (warnings.isEmpty ? [place] + shared : warnings).joined(separator: "; "), passed: warnings.isEmpty)
  }

  /// A long message arrives as it was sent, within a node and between two; and what messages take.
  func links() throws -> [Finding] {
    let links = try Links(communicator)
    return try [
      ("a message within a node arrives as it was sent", links.neighbour, links.withinNode),
      ("a message between nodes arrives as it was sent", links.stranger, links.betweenNodes),
    ].compactMap { check, other, rate in
      guard let other, let rate else { return nil }
      return Finding(
        check: check,
        figure:
          "\((1e6 * rate.latency).formatted(decimals: 1)) us and \((rate.bandwidth / 1e6).formatted(decimals: 0)) MB/s, "
          + "ranks 0 and \(other)", passed: try areExchanged(with: other))
    }
  }

  /// Numbers of a message.
  private static let messageLength = 100_003

  /// Whether rank 0 and another find each other's numbers, to the bit; the same on every rank.
  private func areExchanged(with other: Int) throws -> Bool {
    let peer = communicator.rank == 0 ? other : communicator.rank == other ? 0 : nil
    var isIntact = true
    if let peer {
      let number = { (index: Int, rank: Int) in Float(index % 1009) + Float(rank) / 3 }
      let sent = AlignedBuffer((0..<Self.messageLength).map { number($0, communicator.rank) })
      let received = AlignedBuffer<Float>(count: sent.count)
      let send = try communicator.beginSend(UnsafeBufferPointer(sent.elements), to: peer, tag: 0, owner: sent)
      try communicator.beginReceive(into: received.elements, from: peer, tag: 0, owner: received).wait()
      try send.wait()
      isIntact = received.elements.enumerated().allSatisfy { $1 == number($0, peer) }
    }
    return try communicator.allReduce(Int64(isIntact ? 1 : 0), .minimum) == 1
  }
}
