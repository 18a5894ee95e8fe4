import Failures
import MessagePassing
import Records

/// Compares what the ranks of a job run: models would differ in their bits, or messages not be understood.
enum BuildComparison {
  /// Every rank must ask together. It costs two reductions where all run the same, and else a gathering.
  /// - Throws: `AgreedFailure` that names the nodes of each build; `MPIError`.
  static func refuseDifferent(_ communicator: Communicator) throws {
    let own = "\(ProgramVersion.march) \(ProgramVersion.number) \(ProgramVersion.revision)"
    let hash = Int64(bitPattern: own.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    let (least, most) = (try communicator.allReduce(hash, .minimum), try communicator.allReduce(hash, .maximum))
    guard least != most else { return }
    let builds = try communicator.allGather(own)
    let nodes = try communicator.allGather(MPIRuntime.processorName)
    throw AgreedFailure(Failure(.usage, message(Array(zip(builds, nodes)))), rank: 0)
  }

  private static func message(_ ranks: [(build: String, node: String)]) -> String {
    let builds = Set(ranks.map(\.build)).sorted()
    let lines = builds.map { build in
      let nodes = Set(ranks.filter { $0.build == build }.map(\.node)).sorted().joined(separator: ", ")
      return "\(variant(build)) on \(nodes)"
    }
    let variants = Set(builds.map(variant)).sorted()
    let advice =
      variants.count > 1
      ? "set PRSGD_VARIANT=\(variants[0]) for all where the program is installed in variants (mpirun -x PRSGD_VARIANT)"
      : "install one version on all nodes: they run \(builds.joined(separator: " and "))"
    return "ranks run different builds of this program: \(lines.joined(separator: "; ")); \(advice)"
  }

  private static func variant(_ build: String) -> String { String(build.prefix { $0 != " " }) }
}
