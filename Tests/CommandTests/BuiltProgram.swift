import Foundation
import Testing

/// The program as a user has it: built, and started in a folder of its own. One test runs at a time, for a test here is
/// several processes already.
@Suite(.serialized)
struct BuiltProgram {}

/// What is under test, and what starts it on several ranks.
enum Tools {
  struct NotFound: Error, CustomStringConvertible {
    let description: String
  }

  /// `PRSGD_BINARY`, or the program built along with these tests.
  static func program() throws -> String {
    let path = variable("PRSGD_BINARY") ?? folderOfTests + "/prsgd-mpi"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw NotFound(description: "\(path) is not there: build it (swift build -c release) or set PRSGD_BINARY")
    }
    return path
  }

  /// `MPIRUN`, or that of the MPI library that `PRSGD_MPI` names: where two are installed, a plain `mpirun` is either's.
  static func launcher() throws -> String {
    let names = variable("MPIRUN").map { [$0] } ?? ["mpirun.\(variable("PRSGD_MPI") ?? "openmpi")", "mpirun"]
    let folders = (variable("PATH") ?? "").split(separator: ":").map { $0 + "/" }
    let paths = names.flatMap { name in name.contains("/") ? [name] : folders.map { $0 + name } }
    guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw NotFound(description: "\(names.joined(separator: " or ")) is not on PATH: install MPI or set MPIRUN")
    }
    return path
  }

  static var hasGnuplot: Bool {
    (variable("PATH") ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot")
    }
  }

  /// This process's environment without the marks of a launcher, and with what more ranks than cores, and root, need of
  /// Open MPI, which otherwise also takes two seconds over the end of a job that failed.
  static var environment: [String: String] {
    let marks = ["OMPI_COMM_WORLD_", "PMI_", "PMIX_", "SLURM_"]
    let own = ProcessInfo.processInfo.environment.filter { entry in !marks.contains { entry.key.hasPrefix($0) } }
    let needed = [
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
      "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
      "OMPI_MCA_odls_base_sigkill_timeout": "0",
    ]
    return own.merging(needed) { own, _ in own }
  }

  private static func variable(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static var folderOfTests: String {
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (executable as NSString).deletingLastPathComponent
  }
}
