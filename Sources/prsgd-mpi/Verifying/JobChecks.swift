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

  /// A message arrives as it was sent; and what it takes, within a node and between two.
  func links() throws -> [Finding] {
    let node = try communicator.splitByNode()
    let nodes = try communicator.allGather([try node.allReduce(Int64(communicator.rank), .minimum)]).map { $0[0] }
    try node.free()
    let ranks = 1..<communicator.size
    let others = [
      ("a message within a node", ranks.first { nodes[$0] == nodes[0] }),
      ("a message between nodes", ranks.first { nodes[$0] != nodes[0] }),
    ]
    return try others.compactMap { name, other in
      guard let other else { return nil }
      let rate = try LinkRate.measure(between: 0, and: other, communicator)
      return Finding(
        check: name,
        figure:
          "\((1e6 * rate.latency).formatted(decimals: 1)) us and \((rate.bandwidth / 1e6).formatted(decimals: 0)) MB/s, "
          + "ranks 0 and \(other)", passed: true)
    }
  }
}
