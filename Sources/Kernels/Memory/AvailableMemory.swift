import Glibc

/// Memory that this process can still have.
public enum AvailableMemory {
  /// Bytes that can be had without swapping, within what is allowed to the process (`ulimit -v`) and to its control groups of
  /// version 2, which is how a scheduler gives a job its share of a node.
  public static var bytes: Int { max(0, min(system, addressSpace, controlGroups)) }

  /// What the system has free, or can free of its caches.
  private static var system: Int {
    for line in text(of: "/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      if let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) { return kilobytes << 10 }
    }
    return Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static var addressSpace: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, let allowed = Int(exactly: limit.rlim_cur)
    else {
      return .max
    }
    let pages = text(of: "/proc/self/statm").split(separator: " ").first.flatMap { Int($0) } ?? 0
    return allowed - pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The least that the group of this process, or one that it is in, may use. What they use already is not taken off: most of it
  /// may be cached files.
  private static var controlGroups: Int {
    let groups = text(of: "/proc/self/cgroup").split(separator: "\n")
    guard let own = groups.first(where: { $0.hasPrefix("0::") }) else { return .max }
    var path = own.dropFirst("0::".count)
    var least = Int.max
    while true {
      let limit = text(of: "/sys/fs/cgroup\(path)/memory.max")
      if let bytes = limit.split(separator: "\n").first.flatMap({ Int($0) }) { least = min(least, bytes) }
      guard let end = path.lastIndex(of: "/") else { return least }
      path = path[..<end]
    }
  }

  /// The beginning of a file of the system; empty where there is none.
  private static func text(of path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
