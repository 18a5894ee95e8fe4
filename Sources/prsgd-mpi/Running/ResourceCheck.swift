import Glibc

/// What would make a run slower than it need be.
enum ResourceCheck {
  /// - Parameters:
  ///   - hosts: of each rank.
  ///   - threads: of each rank's BLAS.
  static func warnings(hosts: [String], threads: Int) -> [String] {
    var warnings: [String] = []
    let cores = coreCount()
    let ranks = hosts.filter { $0 == hosts[0] }.count
    if ranks * threads > cores {
      let each = threads > 1 ? " of \(threads) threads each" : ""
      warnings.append("\(ranks) ranks\(each) share the \(cores) cores of \(hosts[0])")
    }
    if let note = ProgramVersion.slowBuildNote { warnings.append(note) }
    return warnings
  }

  /// Cores of this machine; a launcher binds each rank to few of them, so what this process may use does not count.
  static func coreCount() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
